using System.Net;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class RegistrationFlawTests(OpenServer open) : IClassFixture<OpenServer>
{
    public static TheoryData<string> Flaws => [.. Broken.Keys];

    static readonly Dictionary<string, Func<TestDevice, RegisterRequest, RegisterRequest>> Broken = new()
    {
        ["no address"] = (_, r) => r with { Email = "" },
        ["address without at"] = (_, r) => r with { Email = "example.org" },
        ["address not normalised"] = (_, r) => r with { Email = r.Email.ToUpperInvariant() },
        ["address with blanks"] = (_, r) => r with { Email = " " + r.Email },
        ["address with a line end"] = (_, r) => r with { Email = "a\r\nb@example.org" },
        ["address too long"] = (_, r) => r with { Email = new string('a', 250) + "@b.org" },
        ["handle too short"] = (_, r) => r with { Handle = "ab" },
        ["handle too long"] = (_, r) => r with { Handle = new string('a', 33) },
        ["handle with capitals"] = (_, r) => r with { Handle = "Marie" },
        ["handle with a digit first"] = (_, r) => r with { Handle = "1marie" },
        ["handle with a line end"] = (_, r) => r with { Handle = "marie\n" },
        ["handle with other letters"] = (_, r) => r with { Handle = "mаrie" },
        ["reserved handle"] = (_, r) => r with { Handle = "admin" },
        ["reserved handle with dots"] = (_, r) => r with { Handle = "s.u_pport" },
        ["too few iterations"] = (_, r) => r with { Kdf = r.Kdf with { Iterations = 1 } },
        ["other algorithm"] = (_, r) => r with { Kdf = r.Kdf with { Algorithm = "none" } },
        ["short secret"] = (_, r) => r with { AuthSecret = new byte[31] },
        ["megabyte of secret"] = (_, r) => r with { AuthSecret = new byte[10_000] },
        ["account key not on the curve"] = (_, r) => r with { AccountKey = [4, .. new byte[64]] },
        ["account key compressed"] = (_, r) => r with { AccountKey = [2, .. r.AccountKey[1..33]] },
        ["other account key"] = (_, r) => r with { AccountKey = TestDevice.NewPublicKey() },
        ["other account"] = (_, r) => r with { Account = Id.New() },
        ["no certificate"] = (_, r) => r with { Certificate = [] },
        ["certificate with a byte more"] = (_, r) => r with { Certificate = [.. r.Certificate, 0] },
        ["certificate with a bit less"] = (_, r) => r with { Certificate = [.. r.Certificate[..^1], (byte)(r.Certificate[^1] ^ 1)] },
        ["certificate of another instance"] = (d, r) => With(d, r, d.Certify(d, c => c with { Instance = Id.New() })),
        ["certificate of another account"] = (d, r) => With(d, r, d.Certify(d, c => c with { Account = Id.New() })),
        ["certificate of a bad device key"] = (d, r) => With(d, r, d.Certify(d, c => c with { DeviceKey = [4, .. new byte[64]] })),
        ["certificate of the device of zeros"] = (d, r) => With(d, r, d.Certify(d, c => c with { Device = default })),
        ["account of zeros"] = (d, r) => With(d, r, d.Certify(d, c => c with { Account = default }), default(Id)),
        ["list signed for another instance"] = (d, r) => r with { DeviceList = d.List(1, [r.Certificate], l => l with { Instance = Id.New() }) },
        ["list of another account"] = (d, r) => r with { DeviceList = d.List(1, [r.Certificate], l => l with { Account = Id.New() }) },
        ["list number two"] = (d, r) => r with { DeviceList = d.List(2, r.Certificate) },
        ["list without the device"] = (d, r) => r with { DeviceList = d.List(1) },
        ["list with another device too"] = (d, r) => r with { DeviceList = d.List(1, r.Certificate, [1, 2, 3]) },
        ["list cut short"] = (_, r) => r with { DeviceList = r.DeviceList[..^1] },
    };

    static RegisterRequest With(TestDevice device, RegisterRequest request, byte[] certificate, Id? account = null) => request with
    {
        Account = account ?? request.Account,
        Certificate = certificate,
        DeviceList = device.List(1, [certificate], list => list with { Account = account ?? request.Account }),
    };

    [Theory, MemberData(nameof(Flaws))]
    public async Task A_registration_with_a_flaw_is_refused_and_without_it_accepted(string flaw)
    {
        TestServer server = await open.StartedAsync();
        using TestDevice device = TestDevice.New(server);
        string before = server.Dump();
        await device.RegisterAsync(Broken[flaw](device, device.Registration())).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        await device.RegisterAsync(device.Registration()).OkAsync(HttpStatusCode.Accepted);
    }
}
