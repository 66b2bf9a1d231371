using System.Text.Json.Nodes;
using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>A member on ts-mls.</summary>
sealed class TheirMember : Member
{
    readonly TsMlsProcess _process;
    readonly CipherSuite _suite;

    TheirMember(string name, CipherSuite suite, TsMlsProcess process) : base(name)
    {
        _process = process;
        _suite = suite;
    }

    /// <summary>Whether proposals and commits go out as PublicMessage.</summary>
    public bool SendsPublicHandshakes { get; set; }

    public static async Task<TheirMember> MakeAsync(string name, CipherSuite suite, TsMlsProcess process)
    {
        TheirMember member = new(name, suite, process);
        await member.KeyPackageAsync();
        return member;
    }

    public override async Task<byte[]> KeyPackageAsync() =>
        Bytes(await AskAsync("make", new() { ["name"] = Name, ["suite"] = (int)_suite.Id }), "keyPackage")!;

    public override Task CreateAsync(byte[] groupId) => AskAsync("create", new() { ["groupId"] = Hex(groupId) });

    public override Task JoinAsync(byte[] welcome) => AskAsync("join", new() { ["welcome"] = Hex(welcome) });

    public override async Task<byte[]> GroupInfoAsync() => Bytes(await AskAsync("groupInfo", []), "groupInfo")!;

    public override async Task<byte[]> JoinExternallyAsync(byte[] groupInfo, bool returning) =>
        Bytes(await AskAsync("joinExternally", new() { ["groupInfo"] = Hex(groupInfo), ["returning"] = returning }), "message")!;

    public override async Task<byte[]> ProposeOneselfAsync(byte[] groupInfo) =>
        Bytes(await AskAsync("proposeOneself", new() { ["groupInfo"] = Hex(groupInfo) }), "message")!;

    public override async Task<SentCommit> CommitAsync(IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove)
    {
        JsonObject made = await AskAsync("commit", new()
        {
            ["add"] = new JsonArray([.. add.Select(keyPackage => JsonValue.Create(Hex(keyPackage)))]),
            ["remove"] = new JsonArray([.. remove.Select(leaf => JsonValue.Create((int)leaf))]),
            ["isPublic"] = SendsPublicHandshakes,
        });
        return new(Bytes(made, "message")!, Bytes(made, "welcome"));
    }

    public override async Task<SentCommit> EndAsync(byte[] nextGroupId, ushort nextSuite) => new(Bytes(await AskAsync("commit", new()
    {
        ["reInit"] = new JsonObject { ["groupId"] = Hex(nextGroupId), ["suite"] = (int)nextSuite },
    }), "message")!, null);

    public override async Task<byte[]> NextKeyPackageAsync(ushort suite) =>
        Bytes(await AskAsync("makeNext", new() { ["name"] = Name, ["suite"] = (int)suite }), "keyPackage")!;

    public override async Task<NextGroup> FoundAsync(bool branch, byte[] groupId, IReadOnlyList<byte[]> others)
    {
        JsonObject made = await AskAsync("found", new()
        {
            ["kind"] = Kind(branch),
            ["groupId"] = Hex(groupId),
            ["keyPackages"] = new JsonArray([.. others.Select(keyPackage => JsonValue.Create(Hex(keyPackage)))]),
        });
        return new(Bytes(made, "welcome")!, Bytes(made, "tree"));
    }

    public override Task JoinNextAsync(bool branch, NextGroup next) => AskAsync("joinNext", new()
    {
        ["kind"] = Kind(branch),
        ["welcome"] = Hex(next.Welcome),
        ["tree"] = next.Tree is { } tree ? Hex(tree) : null,
    });

    static string Kind(bool branch) => branch ? "branch" : "reinit";

    public override async Task<byte[]> ProposeAddAsync(byte[] keyPackage) =>
        Bytes(await AskAsync("propose", new() { ["kind"] = "add", ["keyPackage"] = Hex(keyPackage), ["isPublic"] = SendsPublicHandshakes }), "message")!;

    public override async Task<byte[]> ProposeRemoveAsync(uint leaf) =>
        Bytes(await AskAsync("propose", new() { ["kind"] = "remove", ["leaf"] = (int)leaf, ["isPublic"] = SendsPublicHandshakes }), "message")!;

    public override async Task<byte[]> SendAsync(string text) => Bytes(await AskAsync("send", new() { ["text"] = text }), "message")!;

    public override async Task<string?> ProcessAsync(byte[] message) =>
        (await AskAsync("process", new() { ["message"] = Hex(message) }))["text"]?.GetValue<string>();

    public override async Task<View> LookAsync()
    {
        JsonObject look = await AskAsync("look", []);
        return new((ulong)look["epoch"]!.GetValue<int>(), look["authenticator"]!.GetValue<string>(), look["exported"]!.GetValue<string>());
    }

    public override async Task<bool> IsRemovedAsync() => (await AskAsync("look", []))["removed"]!.GetValue<bool>();

    Task<JsonObject> AskAsync(string operation, JsonObject request) => _process.AskAsync(Name, operation, request);

    static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    static byte[]? Bytes(JsonObject answer, string name) => answer[name] is { } hex ? Convert.FromHexString(hex.GetValue<string>()) : null;
}
