using Google.Protobuf;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The calls that let a sleeping browser be woken (docs/PROTOCOL.md §11). Failures are <see cref="KavalekException"/> with the server's code.</summary>
sealed class PushApi(Rest rest, Tokens tokens)
{
    const string Push = "api/v1/push";

    public Task<Wire.PushInfo> InfoAsync(CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.ProtobufAsync(HttpMethod.Get, Push, token, null, Wire.PushInfo.Parser, stop), cancel);

    public Task PutAsync(WakeUp wakeUp, CancellationToken cancel) => tokens.WithMessagingAsync((token, stop) => rest.SendAsync(HttpMethod.Put, Push, token,
        Rest.Protobuf(new Wire.PutPush { Endpoint = wakeUp.Endpoint, Key = ByteString.CopyFrom(wakeUp.Key), Secret = ByteString.CopyFrom(wakeUp.Secret) }), stop), cancel);

    public Task DropAsync(CancellationToken cancel) => tokens.WithMessagingAsync((token, stop) => rest.SendAsync(HttpMethod.Delete, Push, token, null, stop), cancel);

    public Task TestAsync(CancellationToken cancel) => tokens.WithMessagingAsync((token, stop) => rest.SendAsync(HttpMethod.Post, $"{Push}/test", token, null, stop), cancel);
}
