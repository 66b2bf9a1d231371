using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices.JavaScript;
using Kavalek.Mls;
using Kavalek.Mls.Benchmarks;

namespace Kavalek.Browser.Tests.Inside;

/// <summary>The figures of MLS in a browser, for benchmarks/browser: each the best of some runs, in microseconds.</summary>
static partial class Bench
{
    /// <summary>Runs one: <c>messages</c>, or <c>join N</c> for the Welcome of a group of N.</summary>
    [JSExport]
    internal static Task Run(string name) =>
        name == "messages" ? MessagesAsync() : JoinAsync(int.Parse(name.AsSpan("join ".Length), CultureInfo.InvariantCulture));

    static async Task MessagesAsync()
    {
        const int Count = 300, Rounds = 6;
        MlsEnvironment environment = World.Environment();
        using KeyPackageBundle other = await World.ClientAsync(environment, "other");
        (MlsGroup sender, byte[] welcome, _) = await World.AddAsync(await World.CreateAsync(environment), [other.KeyPackage.Encode()]);
        MlsGroup receiver = await World.JoinAsync(environment, welcome, other.Encode());
        byte[] text = new byte[1024];
        double sealing = double.MaxValue, opening = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            byte[][] sent = new byte[Count][];
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Count; i++)
            {
                OutgoingMessage message = await sender.ProtectAsync(text);
                sender = message.Next;
                sent[i] = message.Message;
            }
            sealing = Math.Min(sealing, Stopwatch.GetElapsedTime(start).TotalMicroseconds / Count);
            start = Stopwatch.GetTimestamp();
            foreach (byte[] message in sent) receiver = ((ProcessResult.ApplicationReceived)await receiver.ProcessAsync(message, World.Now)).Next;
            opening = Math.Min(opening, Stopwatch.GetElapsedTime(start).TotalMicroseconds / Count);
        }
        Ended("encrypt 1 KiB", sealing);
        Ended("decrypt 1 KiB", opening);
    }

    static async Task JoinAsync(int members)
    {
        const int Rounds = 5;
        MlsEnvironment environment = World.Environment();
        KeyPackageBundle[] clients = await World.ClientsAsync(environment, members - 1);
        var (_, welcome, _) = await World.AddAsync(await World.CreateAsync(environment), clients.Select(client => client.KeyPackage.Encode()));
        byte[] own = clients[^1].Encode();
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            await ForgetAsync(environment.Crypto);
            long start = Stopwatch.GetTimestamp();
            await World.JoinAsync(environment, welcome, own);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
        Ended($"join at {members}", best);
    }

    // More keys than stay imported, which are none: the leaves' keys have to be imported anew, as on a device that sees them first.
    static Task ForgetAsync(ICryptoProvider crypto) => Task.WhenAll(Enumerable.Range(0, 4200).Select(i =>
    {
        byte[] none = new byte[65];
        (none[0], none[1], none[2]) = (4, (byte)(i >> 8), (byte)(i & 0xff));
        return crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, none, none, EcdsaForm).AsTask();
    }));

    static readonly byte[] EcdsaForm = [0x30, 6, 2, 1, 1, 2, 1, 1];

    [JSImport("measured", "kavalek/tests")]
    private static partial void Ended(string name, double microseconds);
}
