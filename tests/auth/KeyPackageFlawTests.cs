using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class KeyPackageFlawTests(OpenServer open) : IClassFixture<OpenServer>
{
    public static TheoryData<string> Flaws => [.. Broken.Keys];

    static readonly Dictionary<string, Func<TestDevice, TestDevice, Task<byte[]>>> Broken = new()
    {
        ["not one at all"] = (_, _) => Task.FromResult<byte[]>([1, 2, 3]),
        ["empty"] = (_, _) => Task.FromResult<byte[]>([]),
        ["a byte more"] = async (d, _) => [.. await MakeAsync(d), 0],
        ["a byte less"] = async (d, _) => (await MakeAsync(d))[..^1],
        ["bad signature"] = async (d, _) => Flip(await MakeAsync(d), ^1),
        ["of another device"] = (_, other) => MakeAsync(other),
        ["credential of another device, own key"] = (d, other) => MakeAsync(d, r => r with { Credential = Credential.Basic(other.Certificate) }),
        ["own credential, another key"] = (d, other) => MakeAsync(other, r => r with { Credential = Credential.Basic(d.Certificate) }),
        ["credential that is no certificate"] = (d, _) => MakeAsync(d, r => r with { Credential = Credential.Basic([1]) }),
        ["x509 credential"] = (d, _) => MakeAsync(d, r => r with { Credential = new Credential(Credential.X509Type, d.Certificate) }),
        ["expired"] = (d, _) => MakeAsync(d, r => r with { Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow.AddDays(-92), TimeSpan.FromDays(90)) }),
        ["not valid yet"] = (d, _) => MakeAsync(d, r => r with { Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow.AddDays(2), TimeSpan.FromDays(30)) }),
        ["valid for too long"] = (d, _) => MakeAsync(d, r => r with { Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(93)) }),
        ["last resort among the others"] = (d, _) => TestKeyPackages.MakeAsync(d, DateTimeOffset.UtcNow, lastResort: true),
    };

    static Task<byte[]> MakeAsync(TestDevice device, Func<KeyPackageRequest, KeyPackageRequest>? change = null) =>
        TestKeyPackages.MakeAsync(device, DateTimeOffset.UtcNow, change: change);

    static byte[] Flip(byte[] bytes, Index at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    [Theory, MemberData(nameof(Flaws))]
    public async Task A_key_package_with_a_flaw_is_refused_with_all_that_came_with_it(string flaw) // K-26, K-48
    {
        TestServer server = await open.StartedAsync();
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        byte[] good = await MakeAsync(device);
        string before = server.Dump();
        await device.PublishAsync([good, await Broken[flaw](device, other)]).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        await device.PublishAsync([good]).OkAsync();
    }
}
