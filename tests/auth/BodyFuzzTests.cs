using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

/// <summary>Any bytes into whatever reads JSON and signed structures: a value or the one error, in memory that follows the input's size.</summary>
public sealed class BodyFuzzTests
{
    // K-50
    [Fact]
    public async Task Any_bytes_are_a_record_of_the_protocol_or_no_JSON()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        foreach ((string path, byte[] sample) in await SamplesAsync(server))
        {
            JsonTypeInfo type = TypeOf(path);
            Assert.NotNull(JsonSerializer.Deserialize(sample, type));
            foreach (byte[] input in new Mutator(path.Length, [sample], Mutator.Json).Inputs(Mutator.Rounds(1_000)))
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    JsonSerializer.Deserialize(input, type);
                }
                catch (Exception e) when (e is JsonException)
                {
                }
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 65_536 + (64L * input.Length), $"{path} took {allocated:N0} bytes for {Convert.ToHexString(input)}");
            }
        }
    }

    // K-10
    [Fact]
    public async Task No_body_takes_a_member_that_it_does_not_name()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        foreach ((string path, byte[] sample) in await SamplesAsync(server))
        {
            string good = Encoding.UTF8.GetString(sample);
            string first = good[1..good.IndexOf(':', StringComparison.Ordinal)];
            foreach (string member in (string[])["rank", "role", "isAdmin", "userId", "deviceId", "quota", "verified", "createdAt", "$type", "__proto__", first.Trim('"').ToUpperInvariant()])
                Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($"{{\"{member}\":\"owner\",{good[1..]}", TypeOf(path)));
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($"{{{first}:null,{good[1..]}", TypeOf(path)));
            Assert.NotNull(JsonSerializer.Deserialize(good, TypeOf(path)));
        }
    }

    // K-50
    [Fact]
    public void Any_bytes_are_a_signed_structure_or_a_FormatException()
    {
        DeviceCertificate certificate = new(new DeviceCertificateContent(Id.New(), Id.New(), TestDevice.NewPublicKey(), Id.New(), TestDevice.NewPublicKey(), 1), new byte[70]);
        DeviceList list = new(new DeviceListContent(Id.New(), Id.New(), TestDevice.NewPublicKey(), 1, 1, [new byte[32]]), new byte[70]);
        byte[][] lengths = [[0x80, 0, 0, 1], [0xbf, 0xff, 0xff, 0xff], [0x40, 1], [0x7f, 0xff], [0xc0, 0, 0, 0], [0x3f]];
        (byte[] Sample, Func<byte[], byte[]> Again)[] decoders =
        [
            (certificate.Encode(), bytes => DeviceCertificate.Decode(bytes).Encode()),
            (list.Encode(), bytes => DeviceList.Decode(bytes).Encode()),
        ];
        foreach ((byte[] sample, Func<byte[], byte[]> again) in decoders)
        {
            Assert.Equal(sample, again(sample));
            foreach (byte[] input in new Mutator(7, [sample], lengths).Inputs(Mutator.Rounds(5_000)))
            {
                try
                {
                    Assert.Equal(input, again(input));
                }
                catch (FormatException)
                {
                }
            }
        }
    }

    // K-50, K-63
    [Fact]
    public async Task Any_body_gets_an_answer_that_is_no_defect_and_says_nothing_of_the_server()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        foreach ((string path, byte[] sample) in await SamplesAsync(server))
        {
            foreach (byte[] input in new Mutator(path.Length, [sample], Mutator.Json).Inputs(Mutator.Rounds(40, share: 1_000)))
            {
                string[] parts = path.Split(' ');
                ByteArrayContent body = new(input) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                string look = await device.SendAsync(new HttpMethod(parts[0]), parts[1], body).LookAsync();
                Assert.False(look.StartsWith('5') && !look.StartsWith("503", StringComparison.Ordinal), look);
                Assert.DoesNotContain("System.", look, StringComparison.Ordinal);
            }
        }
        Assert.DoesNotContain("Error ", server.Logs, StringComparison.Ordinal);
        await device.GetAsync("/auth/v1/devices/self").OkAsync(System.Net.HttpStatusCode.OK);
    }

    static JsonTypeInfo TypeOf(string path) => path switch
    {
        "POST /auth/v1/prelogin" => AuthJson.Default.PreloginRequest,
        "POST /auth/v1/accounts" => AuthJson.Default.RegisterRequest,
        "POST /auth/v1/sessions" => AuthJson.Default.LogInRequest,
        "POST /auth/v1/sessions/refresh" => AuthJson.Default.RefreshRequest,
        "POST /auth/v1/key-packages" => AuthJson.Default.PublishKeyPackages,
        "POST /auth/v1/reports" => AdminJson.Default.FileReport,
        "POST /auth/v1/invites" => AuthJson.Default.CreateInvite,
        _ when path.EndsWith("/certificate", StringComparison.Ordinal) => AuthJson.Default.CertifyRequest,
        _ => AuthJson.Default.RemoveDeviceRequest,
    };

    /// <summary>A valid body of every call that takes one.</summary>
    static async Task<(string Path, byte[] Sample)[]> SamplesAsync(TestServer server)
    {
        using TestDevice device = TestDevice.New(server);
        byte[] keyPackage = await TestKeyPackages.MakeAsync(device, DateTimeOffset.UtcNow);
        LogInRequest logIn = await device.LogInRequestAsync(withGrantKey: true);
        static byte[] Json<T>(T value, JsonTypeInfo<T> type) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, type));
        return
        [
            ("POST /auth/v1/prelogin", Json(new PreloginRequest(device.Email), AuthJson.Default.PreloginRequest)),
            ("POST /auth/v1/accounts", Json(device.Registration("AAAAAAAAAAAAAAAAAAAAAA"), AuthJson.Default.RegisterRequest)),
            ("POST /auth/v1/sessions", Json(logIn, AuthJson.Default.LogInRequest)),
            ("POST /auth/v1/sessions/refresh", Json(new RefreshRequest(new string('A', 64)), AuthJson.Default.RefreshRequest)),
            ("POST /auth/v1/key-packages", Json(new PublishKeyPackages([keyPackage], keyPackage), AuthJson.Default.PublishKeyPackages)),
            ("POST /auth/v1/reports", Json(new FileReport(Id.New(), new byte[64], [new ReportCopy(device.Account, new byte[64])]), AdminJson.Default.FileReport)),
            ("POST /auth/v1/invites", Json(new CreateInvite(1, 60), AuthJson.Default.CreateInvite)),
            ($"PUT /auth/v1/devices/{Id.New()}/certificate", Json(new CertifyRequest(device.Certificate, device.List(1, device.Certificate), [1]), AuthJson.Default.CertifyRequest)),
            ($"POST /auth/v1/devices/{Id.New()}/remove", Json(new RemoveDeviceRequest(device.List(1, device.Certificate)), AuthJson.Default.RemoveDeviceRequest)),
        ];
    }
}
