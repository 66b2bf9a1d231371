namespace Kavalek.Auth;

/// <summary>What only the host knows of the running instance.</summary>
/// <param name="Version">Of the server.</param>
/// <param name="Apart">Whether the delivery service runs in processes of its own.</param>
/// <param name="LastBackup">When the newest backup was made; <c>null</c> where none is known.</param>
/// <param name="CertificateExpires">When the server's own TLS certificate ends; <c>null</c> where it has none.</param>
public sealed record InstanceFacts(string Version, bool Apart = false, DateTimeOffset? LastBackup = null, DateTimeOffset? CertificateExpires = null)
{
    /// <summary>The public address that the operator gave; <c>null</c> where they gave none.</summary>
    public string? Origin { get; init; }

    /// <summary>Origins whose pages may open a socket.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Whether the operator said that a proxy ends TLS.</summary>
    public bool BehindProxy { get; init; }
}
