using System.Reflection;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;

namespace Kavalek.Architecture.Tests;

/// <summary>
/// Every list that travels, with where it is bounded: one that is new fails until its bound stands in the code and here. That bodies are bounded on every call, and pages on every list,
/// is asked of the running server (tests/auth, tests/messaging).
/// </summary>
public static partial class AmplificationTests
{
    /// <summary>Of what clients send, the check in the code; of what they are answered, what bounds it.</summary>
    static readonly Dictionary<string, string> Lists = new()
    {
        ["Change.add"] = "backend/messaging/Streams/Append.cs: change.Add.Count > Limits.ChangeDevices",
        ["Change.remove"] = "backend/messaging/Streams/Append.cs: change.Remove.Count > Limits.ChangeDevices",
        ["ArchiveSegment.replaces"] = "backend/messaging/Archives/ArchiveEndpoints.cs: body.Replaces.Count > Limits.ArchivePageSegments",
        ["PublishKeyPackages.KeyPackages"] = "backend/auth/KeyPackages/KeyPackageEndpoints.cs: request.KeyPackages.Length > Limits.KeyPackages",
        ["ReplaceAccountKey.Certificates"] = "backend/auth/Accounts/AccountEndpoints.cs: request.Certificates.Length > Limits.AccountDevices",
        ["ReplaceAccountKey.Grants"] = "backend/auth/Accounts/AccountEndpoints.cs: request.Grants.Length > Limits.AccountDevices",
        ["KnownDevices.Certificates"] = "backend/auth/Devices/SignedIdentity.cs: known.Certificates.Length is 0 or > Limits.AccountDevices",
        ["Deliver.entries"] = "backend/messaging/Sockets/SocketSession.Output.cs: DeliverBytes",
        ["EntryList.entries"] = "backend/messaging/Streams/StreamEndpoints.cs: > Limits.PageEntries",
        ["StreamList.streams"] = "backend/messaging/Streams/StreamQueries.cs: LIMIT",
        ["SubscriberList.devices"] = "backend/messaging/Streams/Append.cs: > Limits.StreamDevices",
        ["ArchivePage.segments"] = "backend/messaging/Archives/ArchiveEndpoints.cs: > Limits.ArchivePageSegments",
        ["AccountRecord.Certificates"] = "backend/auth/Devices/DeviceStore.cs: >= Limits.AccountDevices",
        ["DeviceRecords.Devices"] = "backend/auth/Devices/DeviceStore.cs: >= Limits.AccountDevices",
        ["ClaimedKeyPackages.KeyPackages"] = "backend/auth/Devices/DeviceStore.cs: >= Limits.AccountDevices",
        ["PeoplePage.People"] = "backend/auth/Admin/PeopleStore.cs: LIMIT @limit",
        ["MessagingOverview.Growth"] = "backend/messaging/Admin/Figures.cs: LIMIT @limit",
        ["MessagingOverview.Nodes"] = "backend/messaging/Admin/Figures.cs: MostNodes - 1",
        ["GroupsPage.Groups"] = "backend/messaging/Admin/GroupList.cs: LIMIT @limit",
        ["PushTest.Services"] = "backend/messaging/Push/PushServices.cs: options.PushServices.Where",
        ["SetUpChecks.Checks"] = "backend/auth/Admin/SetUpEndpoints.cs: new SetUpCheck(\"backups\"",
        ["BackupState.Backups"] = "backend/host/Backups/BackupKeeper.cs: .Take(MostShown)",
        ["StoragePage.Accounts"] = "backend/messaging/Admin/StorageList.cs: LIMIT @limit",
        ["AuditPage.Records"] = "backend/auth/Admin/AuditLog.cs: LIMIT @limit",
        ["FileReport.Copies"] = "backend/auth/Reports/ReportEndpoints.cs: request.Copies.Length is 0 or > Limits.Moderators",
        ["ReportPage.Reports"] = "backend/auth/Reports/ReportStore.cs: LIMIT @limit",
        ["InstancePolicy.Suites"] = "backend/auth/Admin/Policies.cs: policy.Suites is [Suite]",
        ["ServerSees.Parts"] = "backend/auth/Admin/StoredList.cs: GetManifestResourceStream",
        ["SeenPart.Items"] = "backend/auth/Admin/StoredList.cs: GetManifestResourceStream",
        ["SeenItem.Names"] = "backend/auth/Admin/StoredList.cs: GetManifestResourceStream",
        ["OwnDevice.KeyChanges"] = "backend/auth/Accounts/AccountStore.cs: >= Limits.KeyChanges",
    };

    // K-80
    [Fact]
    public static void Every_list_that_travels_has_a_bound()
    {
        IEnumerable<string> frames = KavalekReflection.Descriptor.MessageTypes.SelectMany(All).SelectMany(m => m.Fields.InFieldNumberOrder().Where(f => f.IsRepeated).Select(f => $"{m.Name}.{f.Name}"));
        IEnumerable<string> records = typeof(Problem).Assembly.GetTypes().Where(t => t.Namespace == typeof(Problem).Namespace && !t.IsAbstract)
            .SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => IsList(p.PropertyType)).Select(p => $"{t.Name}.{p.Name}"));
        Assert.Equal(Lists.Keys.Order(StringComparer.Ordinal), frames.Concat(records).Order(StringComparer.Ordinal));
        Assert.All(Lists, list =>
        {
            string[] place = list.Value.Split(": ");
            Assert.True(File.ReadAllText(Path.Combine(SecurityRowsTests.Root, place[0])).Contains(place[1], StringComparison.Ordinal), $"{list.Key}: {list.Value}");
        });
    }

    // K-80
    [Fact]
    public static void No_pattern_is_matched_against_what_others_wrote()
    {
        // One, over names of the program's own scripts. Whoever adds another one shows here that it is linear.
        string[] files = [.. ((string[])["backend", "protocol", "mls", "client", "cli"]).SelectMany(folder => Directory.EnumerateFiles(Path.Combine(SecurityRowsTests.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj") && Pattern().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(SecurityRowsTests.Root, file))];
        Assert.Equal(["backend/host/Backups/BackupContent.cs"], files);
        // On the page a repetition of a repetition is what takes for ever.
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SecurityRowsTests.Root, "frontend-mobile", "src"), "*.ts*", SearchOption.AllDirectories))
            Assert.DoesNotMatch(Nested(), File.ReadAllText(file));
    }

    static bool IsList(Type type) => type != typeof(byte[]) && type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

    static IEnumerable<MessageDescriptor> All(MessageDescriptor message) => message.NestedTypes.SelectMany(All).Prepend(message);

    [GeneratedRegex(@"\bRegex\b")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"/[^/\s]*[+*]\)[+*{][^/\s]*/[gimsuy]*[.,);]")]
    private static partial Regex Nested();
}
