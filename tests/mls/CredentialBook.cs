using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>Accepts everybody but those it was told to refuse; a successor is who has the same name.</summary>
sealed class CredentialBook : IAuthenticationService
{
    public HashSet<string> Refused { get; } = [];

    public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(!Refused.Contains(Encoding.UTF8.GetString(presented.Credential.Content)));

    public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential.Equals(next.Credential);
}
