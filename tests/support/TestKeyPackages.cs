using Kavalek.Mls;
using Kavalek.Protocol.Auth;

namespace Kavalek.Tests.Support;

/// <summary>Real key packages of a <see cref="TestDevice"/>, and ones with something wrong.</summary>
public static class TestKeyPackages
{
    static readonly MlsEnvironment Environment = new(new NativeCryptoProvider(), new Everybody());

    /// <summary>A key package as an MLSMessage.</summary>
    /// <param name="device">Whose it is.</param>
    /// <param name="now">When it is made; it is valid for 90 days.</param>
    /// <param name="lastResort">Whether it is for the last resort.</param>
    /// <param name="change">Changes what it is made of.</param>
    public static async Task<byte[]> MakeAsync(
        TestDevice device, DateTimeOffset now, bool lastResort = false, Func<KeyPackageRequest, KeyPackageRequest>? change = null)
    {
        using KeyPair key = KeyPairOf(device);
        KeyPackageRequest request = new()
        {
            Suite = CipherSuite.MlKem768P256Aes256,
            Credential = Credential.Basic(device.Certificate),
            SignatureKey = key,
            Lifetime = Lifetime.Starting(now, TimeSpan.FromDays(90)),
            LastResort = lastResort,
        };
        using KeyPackageBundle bundle = await KeyPackageBundle.CreateAsync(Environment, change?.Invoke(request) ?? request);
        return bundle.KeyPackage.Encode();
    }

    /// <summary>Publishes <paramref name="count"/> one-time key packages, and a last-resort one where asked for.</summary>
    public static async Task<HttpResponseMessage> PublishKeyPackagesAsync(this TestDevice device, int count, bool lastResort = false)
    {
        List<byte[]> packages = [];
        for (int i = 0; i < count; i++) packages.Add(await MakeAsync(device, DateTimeOffset.UtcNow));
        return await device.PublishAsync([.. packages], lastResort ? await MakeAsync(device, DateTimeOffset.UtcNow, lastResort: true) : null);
    }

    public static Task<HttpResponseMessage> PublishAsync(this TestDevice device, byte[][] packages, byte[]? lastResort = null) => device.PostAsync(
        "/auth/v1/key-packages", new PublishKeyPackages(packages, lastResort), AuthJson.Default.PublishKeyPackages, device.Session!.AuthToken);

    static KeyPair KeyPairOf(TestDevice device) =>
        new(Secret.Copy(device.Key.ExportParameters(includePrivateParameters: true).D!), device.PublicDeviceKey);

    sealed class Everybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}
