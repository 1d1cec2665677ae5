package durabletask

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// Entity is the definition of an entity: a name, a type of state, and the operations on it, which are the methods of *S that have this form:
//
//	func (c *Counter) Add(ctx durabletask.EntityContext, n int) (int, error)
//
// For each key there is one entity with a state of its own. Its operations run one after the other, each on the state that the one before has
// left, wherever the callers are. The state is stored as JSON. An operation that fails leaves state and messages as they were.
type Entity[S any] struct {
	definition
	operations map[string]*operation
}

// NewEntity defines an entity. Its name is that of the type, unless Named gives it another; names of entities don't tell upper from lower case. It
// panics if the type has no operations, or if a method takes an EntityContext and is none.
func NewEntity[S any](options ...Option) *Entity[S] {
	typ := reflect.TypeFor[S]()
	if name := typ.Name(); name != "" && !strings.Contains(name, "[") {
		options = append([]Option{Named(name)}, options...)
	}
	d := define("entity", nil, options)
	if _, err := entity.ID(d.name, ""); err != nil {
		panic("durabletask: " + err.Error() + `; give it another name with durabletask.Named("…")`)
	}
	return &Entity[S]{definition: d, operations: operationsOf(typ)}
}

// Name returns the name of the entity as it was defined. In ids it stands in lower case.
func (e *Entity[S]) Name() string { return e.name }

// ID names one entity by its key, which may be empty. Keys tell upper from lower case, and must not contain /, \, #, ? or control characters: a call
// to such an entity fails with ErrInvalidID.
func (e *Entity[S]) ID(key string) EntityOf[S] {
	return EntityOf[S]{EntityID{Name: strings.ToLower(e.name), Key: key}}
}

func (e *Entity[S]) register(a *App) {
	f := &EntityFunc{name: e.name, place: e.place, state: reflect.TypeFor[S](), operations: e.operations, errors: &a.errors}
	taken, ok := a.Entity(e.name)
	take("entity", e.name, e.place, taken.at(), ok)
	a.entities[strings.ToLower(e.name)] = f
}

// EntityID names an entity. Names don't tell upper from lower case, keys do.
type EntityID struct{ Name, Key string }

// String returns the instance id under which the entity is stored: @name@key.
func (id EntityID) String() string {
	return history.EntityID{Name: strings.ToLower(id.Name), Key: id.Key}.InstanceID()
}

func (id EntityID) entity() (history.EntityID, error) {
	checked, err := entity.ID(id.Name, id.Key)
	if err != nil {
		return checked, fmt.Errorf("%w: %w", ErrInvalidID, err)
	}
	return checked, nil
}

// EntityOf names an entity whose state is an S.
type EntityOf[S any] struct{ EntityID }

// AnyEntity is an EntityID or an EntityOf.
type AnyEntity interface {
	entity() (history.EntityID, error)
}

// EntityFunc is a registered entity with its types taken off.
type EntityFunc struct {
	name, place string
	state       reflect.Type
	operations  map[string]*operation
	errors      *errorKinds
}

// Name returns the name of the entity.
func (f *EntityFunc) Name() string { return f.name }

// Place returns the file and line of the definition.
func (f *EntityFunc) Place() string { return f.place }

// Operations returns the names of the entity's operations, in order.
func (f *EntityFunc) Operations() []string {
	names := make([]string, 0, len(f.operations))
	for _, key := range slices.Sorted(maps.Keys(f.operations)) {
		names = append(names, f.operations[key].name)
	}
	return names
}

func (f *EntityFunc) at() string {
	if f == nil {
		return ""
	}
	return f.place
}

// operationName returns the name of the operation that a method expression stands for: that of the method, with a lower-case first letter.
func operationName[S, I, O any](op func(*S, EntityContext, I) (O, error)) string {
	full := runtime.FuncForPC(reflect.ValueOf(op).Pointer()).Name()
	name := full[strings.LastIndexByte(full, '.')+1:]
	typ := reflect.TypeFor[*S]()
	if _, ok := typ.MethodByName(name); !ok {
		panic(fmt.Sprintf("durabletask: %s is no operation of %v; pass a method expression such as (%[2]v).Add", full, typ))
	}
	return lowerFirst(name)
}

func lowerFirst(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}
