namespace Kavalek.Mls;

/// <summary>What a peer, or what was stored, got wrong. It names codes and sections, never secrets or content.</summary>
/// <remarks>The group that refused the input is as it was.</remarks>
public sealed class MlsException : Exception
{
    /// <summary>A refusal under <paramref name="section"/> of RFC 9420.</summary>
    public MlsException(MlsError error, string section, string message) : base($"{error} (RFC 9420 §{section}): {message}")
    {
        Error = error;
        Section = section;
    }

    /// <summary>The stable code.</summary>
    public MlsError Error { get; }

    /// <summary>The section of RFC 9420 that was broken, for instance <c>12.4.2</c>.</summary>
    public string Section { get; }
}
