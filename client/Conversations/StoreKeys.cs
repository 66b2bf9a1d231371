using System.Buffers.Text;
using System.Globalization;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Where the conversations keep what (<c>records.proto</c>). Numbers are 16 hexadecimal digits, so that keys stand in their order.</summary>
static class StoreKeys
{
    /// <summary>All conversations.</summary>
    public const string Conversations = "conv/c/";
    /// <summary>All streams.</summary>
    public const string Streams = "conv/s/";
    /// <summary>Next entry of the own inbox.</summary>
    public const string Inbox = "conv/inbox";
    /// <summary>When the server was last found to have been put back.</summary>
    public const string Rewound = "conv/rewound";
    /// <summary>What its owner has set.</summary>
    public const string Settings = "conv/settings";

    /// <summary>What ends, by when.</summary>
    public const string Ends = "conv/z/";
    /// <summary>The latest time this device has seen.</summary>
    public const string Clock = "conv/clock";
    /// <summary>The instance's policy as it was signed, the newest that was seen.</summary>
    public const string Policy = "instance/policy";

    /// <summary>Texts that the archive does not have yet.</summary>
    public const string Due = "conv/h/";
    /// <summary>How the archive stands.</summary>
    public const string History = "conv/history";

    /// <summary>Which contents the segments of the archive hold.</summary>
    public const string Segments = "conv/l/";

    public static string Segment(ulong number) => $"{Segments}{Number(number)}";
    public static string Waitings(Id conversation) => $"conv/w/{conversation}/";
    public static string Waiting(Id conversation, Id author, Id content, Id actor) => $"conv/w/{conversation}/{author}/{content}/{actor}";

    /// <summary>The words of all messages.</summary>
    public const string AllWords = "conv/f/";
    /// <summary>How far they are brought together.</summary>
    public const string Search = "conv/find";

    /// <summary>What the account's devices know of its conversations.</summary>
    public const string Notes = "conv/notes";

    /// <summary>What is read of every conversation and stream when they are opened.</summary>
    public static string[] OfThreads { get; } = ["conv/o/", "conv/w/", "conv/x/", "conv/y/", "conv/e/", "conv/p/", "conv/q/", "conv/t/", "conv/g/"];

    public static string Words(Id conversation) => $"{AllWords}{conversation}/";
    public static string WordsAt(Id conversation, ulong key) => $"{AllWords}{conversation}/{Number(key)}";
    /// <summary>What proofs of one sender in one epoch have in common.</summary>
    public static string SignedBy(Id stream, ulong epoch, uint leaf) => $"conv/v/{stream}/{Number(epoch)}/{Number(leaf)}";
    public static string Draft(Id conversation) => $"conv/y/{conversation}";

    /// <summary>Offers of another own device that somebody took and that are not answered yet.</summary>
    public const string Asks = "conv/a/";

    public static string Ask(Id conversation, Id offer) => $"{Asks}{conversation}/{offer}";
    /// <summary>Offers of history in all conversations.</summary>
    public const string AllOffers = "conv/k/";

    public static string Offers(Id conversation) => $"conv/k/{conversation}/";
    public static string Offer(Id conversation, Id offer) => $"conv/k/{conversation}/{offer}";
    public static string DueAt(Id conversation, ulong position) => $"{Due}{conversation}/{Number(position)}";
    public static string EndsBefore(ulong milliseconds) => $"{Ends}{Number(milliseconds)}";
    public static string End(ulong milliseconds, Id conversation, ulong position) => $"{Ends}{Number(milliseconds)}/{conversation}/{Number(position)}";
    /// <summary>Accounts whose devices changed, until they were looked at.</summary>
    public const string Peers = "conv/d/";

    /// <summary>Attachments that are here, in whole or in part.</summary>
    public const string Files = "conv/file/";
    /// <summary>Attachments that are to be deleted at the server.</summary>
    public const string Unwanted = "conv/unwanted/";

    const string Parts = "conv/part/";

    public static string FilesOf(Id conversation) => $"{Files}{conversation}/";
    public static string File(KeptFile file) => FilesOf(file.Conversation) + Place(file);
    public static string ChunksOf(Id conversation) => $"{Parts}{conversation}/";
    public static string Chunks(KeptFile file) => $"{ChunksOf(file.Conversation)}{Place(file)}/";
    public static string Chunk(KeptFile file, int number) => Chunks(file) + Number((ulong)number);
    /// <summary>The chunks of what stands under a key of <see cref="Files"/>.</summary>
    public static string ChunksOf(string file) => $"{Parts}{file[Files.Length..]}/";
    public static string UnwantedAt(Id attachment) => $"{Unwanted}{attachment}";
    public static string Peer(Id account) => $"{Peers}{account}";
    public static string Conversation(Id id) => $"{Conversations}{id}";
    public static string Stream(Id id) => $"{Streams}{id}";
    public static string Accounts(Id conversation) => $"conv/x/{conversation}/";
    public static string Account(Id conversation, Id account) => $"conv/x/{conversation}/{account}";
    public static string Devices(Id stream) => $"conv/n/{stream}/";
    public static string Device(Id stream, Id device) => $"conv/n/{stream}/{device}";
    public static string Messages(Id conversation) => $"conv/m/{conversation}/";
    public static string Message(Id conversation, ulong position) => $"conv/m/{conversation}/{Number(position)}";
    public static string Indexes(Id conversation) => $"conv/i/{conversation}/";

    // Content ids never leave the encryption, so nothing is lost by keeping them short and as they are.
    public static string Index(Id conversation, Id account, Id content) => $"conv/i/{conversation}/{account}/{Base64Url.EncodeToString(content.ToArray())}";
    // Apart from what people say: nobody can choose an id so that a line is taken for known.
    public static string Line(Id conversation, Id line) => $"conv/i/{conversation}/line/{Base64Url.EncodeToString(line.ToArray())}";
    public static string Outboxes(Id conversation) => $"conv/o/{conversation}/";
    public static string Outbox(Id conversation, ulong number) => $"conv/o/{conversation}/{Number(number)}";
    public static string Lineage(Id stream) => $"conv/e/{stream}";
    public static string Pending(Id stream) => $"conv/p/{stream}";
    public static string Proposals(Id stream) => $"conv/q/{stream}";
    public static string Intents(Id stream) => $"conv/t/{stream}/";
    public static string Intent(Id stream, ulong number) => $"conv/t/{stream}/{Number(number)}";
    public static string Return(Id stream) => $"conv/r/{stream}";
    public static string Group(Id stream) => $"conv/g/{stream}/";
    public static string Group(Id stream, string record) => $"conv/g/{stream}/{record}";

    /// <summary>The number that a key ends in.</summary>
    public static ulong NumberOf(string key) => ulong.Parse(key.AsSpan()[^16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>The id that a key ends in.</summary>
    public static Id IdOf(string key) => Id.Parse(key[^(2 * Limits.IdLength)..]);

    // The ids of attachments are their senders' word: only with the message is one its own.
    static string Place(KeptFile file) => $"{file.Message.Account}/{Base64Url.EncodeToString(file.Message.Content.ToArray())}/{file.Attachment}";

    static string Number(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);
}
