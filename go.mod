module github.com/azdurable/azdurable

go 1.26
