namespace Kavalek.Mls;

/// <summary>One piece of a group's stored state. It holds secrets: encrypt it.</summary>
/// <param name="Key">Its name within the group, at most 40 ASCII characters.</param>
/// <param name="Value">Its content; <c>null</c> says to delete it, which is what keeps past messages secret.</param>
public sealed record StateRecord(string Key, byte[]? Value)
{
    /// <summary>The key and the size.</summary>
    public override string ToString() => $"{Key}[{Value?.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "deleted"}]";
}
