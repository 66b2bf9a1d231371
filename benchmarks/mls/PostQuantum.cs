using System.Security.Cryptography;

namespace Kavalek.Mls.Benchmarks;

/// <summary>
/// ML-KEM as this library has it managed and as it is in use here, and the hybrid suite of P-256 with ML-KEM-768. The peer's
/// column of ML-KEM is OpenSSL 3.5's own speed on the peers' machine.
/// </summary>
static class PostQuantum
{
    public static async Task RunAsync(PlatformLimits platform)
    {
        RunMlKem();

        CipherSuite suite = CipherSuite.MlKem768P256Aes256;
        KeyPackageBundle[] clients = await World.ClientsAsync(World.Environment(), Members - 1, suite);
        byte[][] keyPackages = [.. clients.Select(client => client.KeyPackage.Encode())];
        double encapsulate = Encapsulation();
        double add = await Measure.MillisecondsAsync(5,
            () => Task.FromResult(World.Environment()),
            async environment => await World.AddAsync(await World.CreateAsync(environment, suite), keyPackages));
        Table.Time($"hybrid: create + add {Members:N0} in one commit", add,
            Members * (platform.Import + 2 * platform.Verify + platform.HpkeSeal + encapsulate) / 1000, 6100, null, null, 0.5 * 6100);

        MlsEnvironment creator = World.Environment();
        var (_, welcome, _) = await World.AddAsync(await World.CreateAsync(creator, suite), keyPackages);
        byte[] own = clients[^1].Encode();
        double join = await Measure.MillisecondsAsync(7, () => Task.FromResult(World.Environment()), joiner => World.JoinAsync(joiner, welcome, own), warmUp: 4);
        Table.Time($"hybrid: join from Welcome at {Members:N0}", join, Members * (platform.Import + platform.Verify) / 1000, 109, null, null, 0.8 * 109);
    }

    const int Members = 1000;

    static void RunMlKem()
    {
        MlKemParameters parameters = MlKemParameters.Of(MlKemParameterSet.MlKem768);
        byte[] seed = RandomNumberGenerator.GetBytes(MlKemParameters.SeedLength), m = new byte[32], shared = new byte[32], ciphertext = new byte[parameters.CiphertextLength];
        using ManagedMlKemKey key = ManagedMlKemKey.FromSeed(parameters, seed);
        byte[] publicKey = key.EncapsulationKey.ToArray();
        Table.Rate("ML-KEM-768, managed: key from its seed", Rate(() => ManagedMlKemKey.FromSeed(parameters, seed).Dispose()), null, 25_200, null, null, null);
        Table.Rate("ML-KEM-768, managed: encapsulate", Rate(() => ManagedMlKemKey.TryEncapsulate(parameters, publicKey, m, ciphertext, shared)), null, 40_800, null, null, null);
        Table.Rate("ML-KEM-768, managed: decapsulate", Rate(() => key.TryDecapsulate(ciphertext, shared)), null, 26_600, null, null, null);
        Table.Rate($"ML-KEM-768, {(MLKem.IsSupported ? "platform's" : "managed")}, in use: encapsulate", 1e6 / Encapsulation(), null, 40_800, null, null, null);
    }

    static double Encapsulation()
    {
        using Secret seed = MlKem.GenerateSeed();
        byte[] publicKey = MlKem.PublicKey(MlKemParameterSet.MlKem768, seed)!;
        return Measure.Microseconds(7, 500, () => MlKem.Encapsulate(MlKemParameterSet.MlKem768, publicKey)!.Dispose());
    }

    static double Rate(Action call) => 1e6 / Measure.Microseconds(7, 500, call);
}
