// One Function App and all it needs: a storage account, an identity that may use it, a plan, and logs.
//
//   az deployment group create --resource-group GROUP --template-file docs/deploy/main.bicep --parameters name=APP key=KEY
//
// docs/deploy.md goes through it step by step.
targetScope = 'resourceGroup'

@description('Name of the Function App. It is part of the host name, so nobody else in the world may have it.')
@minLength(2)
@maxLength(60)
param name string

@description('Where everything lies; not every region has the plan Flex.')
param location string = resourceGroup().location

@description('Flex: Flex Consumption, paid by use. Premium: Elastic Premium (EP1), with at least one machine at all times, and with deployment slots.')
@allowed(['Flex', 'Premium'])
param plan string = 'Flex'

@description('What callers must present (AZDURABLE_KEY).')
@secure()
@minLength(16)
param key string

@description('How many machines run at all times. With 0 on Flex the app sleeps when nobody calls it, and timers and messages of orchestrations wait until something wakes it.')
@minValue(0)
@maxValue(20)
param alwaysReady int = 1

@description('How many machines there may be. More than the hub has partitions (16 at most) only helps activities.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Memory of a machine on Flex, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Version of the stack "custom" on Flex, as az functionapp list-flexconsumption-runtimes tells it.')
param runtimeVersion string = '1.0'

@description('linuxFxVersion of a custom handler on Premium.')
param linuxFxVersion string = 'CUSTOM|'

@description('Name of the task hub: 3 to 45 letters and digits. Each app and each slot needs its own.')
@minLength(3)
@maxLength(45)
param hubName string = 'AzDurable'

var flex = plan == 'Flex'
var token = uniqueString(resourceGroup().id, name)
var packageContainer = 'app-package'

// What the identity may do in the storage account. The host asks for ownership of blobs; the engine itself needs contribution only.
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fab8'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}'
  location: location
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'st${token}'
  location: location
  kind: 'StorageV2' // queues, tables and blobs; others lack one of them
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: !flex // Premium keeps the app's files in a share, which takes no identities
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: packageContainer
}

resource grants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(roles): {
    name: guid(storage.id, identity.id, role.value)
    scope: storage
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
    }
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  properties: {
    retentionInDays: 30
    sku: {
      name: 'PerGB2018'
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
  }
}

resource hosting 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  kind: flex ? 'functionapp' : 'elastic'
  sku: flex
    ? {
        name: 'FC1'
        tier: 'FlexConsumption'
      }
    : {
        name: 'EP1'
        tier: 'ElasticPremium'
      }
  properties: flex
    ? {
        reserved: true // Linux
      }
    : {
        reserved: true
        maximumElasticWorkerCount: min(maximumInstances, 20)
      }
}

var commonSettings = [
  {
    name: 'AzureWebJobsStorage__accountName'
    value: storage.name
  }
  {
    name: 'AzureWebJobsStorage__credential'
    value: 'managedidentity'
  }
  {
    name: 'AzureWebJobsStorage__clientId'
    value: identity.properties.clientId
  }
  {
    name: 'AzureFunctionsJobHost__extensions__durableTask__hubName'
    value: hubName
  }
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
    value: insights.properties.ConnectionString
  }
  {
    name: 'AZDURABLE_KEY'
    value: key
  }
]

// Flex has the runtime in functionAppConfig and refuses these.
var premiumSettings = flex
  ? []
  : [
      {
        name: 'FUNCTIONS_WORKER_RUNTIME'
        value: 'custom'
      }
      {
        name: 'FUNCTIONS_EXTENSION_VERSION'
        value: '~4'
      }
      {
        name: 'WEBSITE_RUN_FROM_PACKAGE'
        value: '1'
      }
      {
        name: 'WEBSITE_CONTENTSHARE'
        value: toLower(name)
      }
      {
        name: 'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING'
        value: 'DefaultEndpointsProtocol=https;AccountName=${storage.name};AccountKey=${storage.listKeys().keys[0].value};EndpointSuffix=${environment().suffixes.storage}'
      }
    ]

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: hosting.id
    httpsOnly: true
    functionAppConfig: flex
      ? {
          deployment: {
            storage: {
              type: 'blobContainer'
              value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
              authentication: {
                type: 'UserAssignedIdentity'
                userAssignedIdentityResourceId: identity.id
              }
            }
          }
          runtime: {
            name: 'custom'
            version: runtimeVersion
          }
          scaleAndConcurrency: {
            instanceMemoryMB: instanceMemoryMB
            maximumInstanceCount: maximumInstances
            alwaysReady: alwaysReady == 0
              ? []
              : [
                  {
                    name: 'http' // HTTP functions share their machines, and the worker runs in each of them
                    instanceCount: alwaysReady
                  }
                ]
          }
        }
      : null
    siteConfig: flex
      ? {
          appSettings: commonSettings
          minTlsVersion: '1.2'
        }
      : {
          appSettings: concat(commonSettings, premiumSettings)
          ftpsState: 'Disabled'
          linuxFxVersion: linuxFxVersion
          minTlsVersion: '1.2'
          minimumElasticInstanceCount: max(alwaysReady, 1)
        }
  }
  dependsOn: [grants, packages] // an app that starts before its identity may do anything waits and tries again, which looks like a failure
}

output hostName string = app.properties.defaultHostName
output storageAccount string = storage.name
