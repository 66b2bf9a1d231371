using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>Clients with basic credentials, and an authentication service that a test can make say no.</summary>
static class Clients
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static MlsEnvironment Environment(CredentialBook? book = null) => new(NativeCryptoProvider.Shared, book ?? new CredentialBook());

    public static async Task<KeyPackageBundle> CreateAsync(string name, MlsEnvironment? environment = null, Func<KeyPackageRequest, KeyPackageRequest>? change = null)
    {
        environment ??= Environment();
        using KeyPair signature = await environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        KeyPackageRequest request = new()
        {
            Suite = CipherSuite.P256Aes128,
            Credential = Named(name),
            SignatureKey = signature,
            Lifetime = Lifetime.Starting(Now, TimeSpan.FromDays(30)),
        };
        return await KeyPackageBundle.CreateAsync(environment, change?.Invoke(request) ?? request);
    }

    public static Credential Named(string name) => Credential.Basic(Encoding.UTF8.GetBytes(name));
}

/// <summary>Accepts everybody but those it was told to refuse; a successor is who has the same name.</summary>
sealed class CredentialBook : IAuthenticationService
{
    public HashSet<string> Refused { get; } = [];

    public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(!Refused.Contains(Encoding.UTF8.GetString(presented.Credential.Content)));

    public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential.Equals(next.Credential);
}
