namespace Kavalek.Client.Tests;

/// <summary>
/// Ends a process at one instant: before its n-th write, request or frame, or after the server has taken one and before the answer is
/// heard. From then on nothing is written and nothing leaves.
/// </summary>
sealed class PowerCut(int at)
{
    int _instant;

    /// <summary>Whether it has happened.</summary>
    public bool Happened { get; private set; }

    /// <summary>Options on a store that stops then, and a network that stops then.</summary>
    public ClientOptions Options(IClientStore store) => TestPeople.Options(new Store(store, this), transport: server => new Network(new HttpTransport(server), this));

    void Pass()
    {
        lock (this)
        {
            Happened |= Interlocked.Increment(ref _instant) >= at;
            if (Happened) throw new IOException("the power is out");
        }
    }

    sealed class Store(IClientStore inner, PowerCut cut) : IClientStore
    {
        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) => inner.GetAsync(key, cancel);

        public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default) => inner.ScanAsync(range, cancel);

        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
        {
            cut.Pass();
            return inner.ApplyAsync(batch, cancel);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class Network(ITransport inner, PowerCut cut) : ITransport
    {
        public Uri Server => inner.Server;

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            Cut();
            HttpResponseMessage response = await inner.SendAsync(request, cancel);
            Cut();
            return response;
        }

        public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => throw new HttpRequestException("no socket here");

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        void Cut()
        {
            try
            {
                cut.Pass();
            }
            catch (IOException e)
            {
                throw new HttpRequestException("the power is out", e);
            }
        }
    }
}
