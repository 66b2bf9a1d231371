namespace Kavalek.Client.Tests;

public sealed class MemoryClientStoreTests : StoreContract
{
    protected override Task<IClientStore> OpenAsync() => Task.FromResult<IClientStore>(new MemoryClientStore());
}

public sealed class SealedStoreContractTests : StoreContract
{
    protected override Task<IClientStore> OpenAsync() => Task.FromResult<IClientStore>(
        new SealedStore(new MemoryClientStore(), Kavalek.Mls.NativeCryptoProvider.Shared, Kavalek.Mls.Secret.Zero(32)));
}
