using System.Globalization;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>What the owner of an instance allows of attachments (docs/PROTOCOL.md §5.12): said before a file is read, and kept to by the server, which sees sizes in classes alone.</summary>
/// <param name="Largest">Bytes of one file; 0 for none at all.</param>
/// <param name="Quota">Bytes of all of an account's.</param>
sealed record AttachmentPolicy(long Largest, long Quota)
{
    /// <summary>What the protocol allows.</summary>
    public static AttachmentPolicy None { get; } = new(Limits.AttachmentBytes, long.MaxValue);

    /// <summary>What a policy says; more than the protocol allows counts as that, and nonsense as nothing.</summary>
    public static AttachmentPolicy Of(InstancePolicy policy) =>
        new(policy.AttachmentBytes is >= 0 and < Limits.AttachmentBytes ? policy.AttachmentBytes : Limits.AttachmentBytes, policy.AttachmentQuota < 0 ? long.MaxValue : policy.AttachmentQuota);

    /// <summary>Refuses what the server would refuse later.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.TooLarge"/>, <see cref="ErrorCodes.OverQuota"/>: the message says how much may be sent.</exception>
    public void Check(IEnumerable<OutgoingFile> files)
    {
        long all = 0;
        foreach (OutgoingFile file in files)
        {
            if (Largest == 0) throw new KavalekException(ErrorCodes.TooLarge, "This server takes no files: whoever runs it has said so. Nothing was sent.");
            if (file.Size > Largest) throw new KavalekException(ErrorCodes.TooLarge, $"The file is larger than this server takes: {Size(Largest)} at most. It was not sent.");
            all = all > long.MaxValue - file.Size ? long.MaxValue : all + file.Size;
        }
        if (all > Quota) throw new KavalekException(ErrorCodes.OverQuota, $"Your files may take {Size(Quota)} together on this server, and these take more. Nothing was sent.");
    }

    static string Size(long bytes) => bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB");
}
