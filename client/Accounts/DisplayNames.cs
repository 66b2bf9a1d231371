using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a display name that somebody typed may be: what others' clients take for one, and not empty.</summary>
static class DisplayNames
{
    /// <summary>Trims a name.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>: empty, too long, or with control characters.</exception>
    public static string Normalize(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        string name = typed.Trim();
        return name.Length > 0 && ContentCodec.IsName(name)
            ? name
            : throw new KavalekException(ErrorCodes.Invalid, "A name has at least one character and is not longer than a short line, without line breaks or control characters.");
    }
}
