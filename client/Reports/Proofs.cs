using System.Text;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Client.Reported;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// What a device keeps of the words of others so that it can show who signed them (docs/PROTOCOL.md §13.1): in the message's own row, so that it goes with the message. About 130 bytes a version, and
/// about 500 for each sender and epoch, of which nothing is anybody's words.
/// </summary>
static class Proofs
{
    /// <summary>Keeps the proof of one version of a text; nothing where the content does not hold the words as they are.</summary>
    public static void Keep(Step step, GroupStream stream, MessageRow message, uint version, string words, ProcessResult.ApplicationReceived received)
    {
        SignedApplication signed = received.Proof;
        byte[] text = Encoding.UTF8.GetBytes(words);
        int at = signed.Content.AsSpan().IndexOf(text);
        // Clients send nothing beside: what has something there is kept as no proof.
        if (at < 0 || signed.AuthenticatedData.Length > 0) return;
        Drop(message, version);
        message.Proofs.Add(new ProofRow
        {
            Version = version,
            Signature = ByteString.CopyFrom(signed.Signature),
            Epoch = received.Epoch,
            Leaf = signed.Sender.Value,
            Rest = ByteString.CopyFrom([.. signed.Content.AsSpan(0, at), .. signed.Content.AsSpan(at + text.Length)]),
            At = (uint)at,
            Stream = version == 0 ? ByteString.Empty : Step.Bytes(stream.Id),
        });
        // Written with the first message of each in every run: the same bytes.
        if (!stream.Signed.Add((received.Epoch, signed.Sender.Value))) return;
        step.Batch.Put(StoreKeys.SignedBy(stream.Id, received.Epoch, signed.Sender.Value), new SenderRow
        {
            Context = ByteString.CopyFrom(signed.GroupContext),
            Certificate = ByteString.CopyFrom(received.Sender.Credential.Content),
        }.ToByteArray());
    }

    /// <summary>All versions of a message that can be shown to be its sender's, oldest first: each was checked here as whoever gets it will.</summary>
    public static async Task<List<(ReportedSender Sender, ReportedContent Content)>> OfAsync(ClientCore core, MessageRow message, CancellationToken cancel)
    {
        List<(ReportedSender, ReportedContent)> found = [];
        foreach (ProofRow proof in message.Proofs.OrderBy(proof => proof.Version))
        {
            if (WordsOf(message, proof.Version) is not { } words) continue;
            Id stream = Id.Read((proof.Stream.IsEmpty ? message.Stream : proof.Stream).Span);
            if (await core.Store.GetAsync(StoreKeys.SignedBy(stream, proof.Epoch, proof.Leaf), cancel).ConfigureAwait(false) is not { } stored) continue;
            SenderRow sender = SenderRow.Parser.ParseFrom(stored);
            ReadOnlySpan<byte> rest = proof.Rest.Span;
            int at = (int)Math.Min(proof.At, (uint)rest.Length);
            ReportedSender by = new() { Context = sender.Context, Certificate = sender.Certificate, Leaf = proof.Leaf };
            ReportedContent content = new() { Content = ByteString.CopyFrom([.. rest[..at], .. Encoding.UTF8.GetBytes(words), .. rest[at..]]), Signature = proof.Signature };
            if (await Evidence.CheckAsync(core.Mls.Crypto, core.Identity.Instance, by, content).ConfigureAwait(false) is not null) found.Add((by, content));
        }
        return found;
    }

    static void Drop(MessageRow message, uint version)
    {
        for (int i = message.Proofs.Count - 1; i >= 0; i--)
            if (message.Proofs[i].Version == version) message.Proofs.RemoveAt(i);
    }

    // The newest version's words are the message's own; those of former ones may have been let go.
    static string? WordsOf(MessageRow message, uint version)
    {
        if (message.Text is null) return null;
        if (message.Acts is not { Edits.Count: > 0 } acts) return version == 0 ? message.Text.Text : null;
        return acts.Edits[^1].Version == version ? message.Text.Text : acts.Edits.FirstOrDefault(edit => edit.Version == version)?.Text;
    }
}
