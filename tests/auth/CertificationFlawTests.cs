using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class CertificationFlawTests(OpenServer open) : IClassFixture<OpenServer>
{
    public static TheoryData<string> Flaws => [.. Broken.Keys];

    static readonly Dictionary<string, (string Code, Func<TestDevice, TestDevice, CertifyRequest, CertifyRequest> Change)> Broken = new()
    {
        ["list number too low"] = (ErrorCodes.StaleDeviceList, (f, s, r) => r with { DeviceList = f.List(1, f.Certificate, s.Certificate) }),
        ["list number too high"] = (ErrorCodes.StaleDeviceList, (f, s, r) => r with { DeviceList = f.List(3, f.Certificate, s.Certificate) }),
        ["list number at the end of numbers"] = (ErrorCodes.StaleDeviceList, (f, s, r) => r with { DeviceList = f.List(ulong.MaxValue, f.Certificate, s.Certificate) }),
        ["list without the new device"] = (ErrorCodes.StaleDeviceList, (f, _, r) => r with { DeviceList = f.List(2, f.Certificate) }),
        ["list without the old device"] = (ErrorCodes.StaleDeviceList, (f, s, r) => r with { DeviceList = f.List(2, s.Certificate) }),
        ["list with a stranger"] = (ErrorCodes.StaleDeviceList, (f, s, r) => r with { DeviceList = f.List(2, f.Certificate, s.Certificate, [9]) }),
        ["list of another account"] = (ErrorCodes.Invalid, (f, s, r) => r with { DeviceList = f.List(2, [f.Certificate, s.Certificate], l => l with { Account = Id.New() }) }),
        ["list with a bad signature"] = (ErrorCodes.Invalid, (_, _, r) => r with { DeviceList = [.. r.DeviceList[..^1], (byte)(r.DeviceList[^1] ^ 1)] }),
        ["list empty"] = (ErrorCodes.Invalid, (_, _, r) => r with { DeviceList = [] }),
        ["certificate of another device"] = (ErrorCodes.Invalid, (f, s, r) => Certified(f, r, f.Certify(s, c => c with { Device = Id.New() }))),
        ["certificate of another key"] = (ErrorCodes.Invalid, (f, s, r) => Certified(f, r, f.Certify(s, c => c with { DeviceKey = TestDevice.NewPublicKey() }))),
        ["certificate of another instance"] = (ErrorCodes.Invalid, (f, s, r) => Certified(f, r, f.Certify(s, c => c with { Instance = Id.New() }))),
        ["certificate of another account"] = (ErrorCodes.Invalid, (f, s, r) => Certified(f, r, f.Certify(s, c => c with { Account = Id.New() }))),
        ["certificate with a bad signature"] = (ErrorCodes.Invalid, (f, _, r) => Certified(f, r, [.. r.Certificate[..^1], (byte)(r.Certificate[^1] ^ 1)])),
        ["no grant"] = (ErrorCodes.Invalid, (_, _, r) => r with { Grant = [] }),
        ["grant too large"] = (ErrorCodes.Invalid, (_, _, r) => r with { Grant = new byte[4097] }),
    };

    static CertifyRequest Certified(TestDevice first, CertifyRequest request, byte[] certificate) =>
        request with { Certificate = certificate, DeviceList = first.List(2, first.Certificate, certificate) };

    [Theory, MemberData(nameof(Flaws))]
    public async Task A_certification_with_a_flaw_changes_nothing_and_without_it_takes(string flaw)
    {
        TestServer server = await open.StartedAsync();
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = first.Another();
        await second.LogInAsync(waiting: true);
        second.Certificate = first.Certify(second);
        CertifyRequest good = new(second.Certificate, first.List(2, first.Certificate, second.Certificate), new byte[4096]);
        string before = server.Dump();
        await first.CertifyAsync(second.Device, Broken[flaw].Change(first, second, good)).RefusedAsync(Broken[flaw].Code);
        Assert.Equal(before, server.Dump());
        await first.CertifyAsync(second.Device, good).OkAsync();
    }
}
