using System.Security.Cryptography;

namespace Kavalek.Mls.Benchmarks;

/// <summary>
/// ML-KEM as this library has it managed and as it is in use here, and the hybrid suite of P-256 with ML-KEM-768.
/// </summary>
static class PostQuantum
{
    public static async Task RunAsync(PlatformLimits platform, Table table)
    {
        RunMlKem(table);

        CipherSuite suite = CipherSuite.MlKem768P256Aes256;
        KeyPackageBundle[] clients = await World.ClientsAsync(World.Environment(), Members - 1, suite);
        byte[][] keyPackages = [.. clients.Select(client => client.KeyPackage.Encode())];
        double encapsulate = Encapsulation();
        double add = await Measure.MillisecondsAsync(5,
            () => Task.FromResult(World.Environment()),
            async environment => await World.AddAsync(await World.CreateAsync(environment, suite), keyPackages));
        table.Time($"hybrid: create + add {Members:N0} in one commit", null, add,
            Members * (platform.Import + 2 * platform.Verify + platform.HpkeSeal + encapsulate) / 1000, new(6100, Work.Verify, 0.5));

        MlsEnvironment creator = World.Environment();
        var (_, welcome, _) = await World.AddAsync(await World.CreateAsync(creator, suite), keyPackages);
        byte[] own = clients[^1].Encode();
        double join = await Measure.MillisecondsAsync(7, () => Task.FromResult(World.Environment()), joiner => World.JoinAsync(joiner, welcome, own), warmUp: 4);
        table.Time($"hybrid: join from Welcome at {Members:N0}", null, join, Members * (platform.Import + platform.Verify) / 1000, new(109, Work.Verify, 0.8));
    }

    const int Members = 1000;

    static void RunMlKem(Table table)
    {
        MlKemParameters parameters = MlKemParameters.Of(MlKemParameterSet.MlKem768);
        byte[] seed = RandomNumberGenerator.GetBytes(MlKemParameters.SeedLength), m = new byte[32], shared = new byte[32], ciphertext = new byte[parameters.CiphertextLength];
        using ManagedMlKemKey key = ManagedMlKemKey.FromSeed(parameters, seed);
        byte[] publicKey = key.EncapsulationKey.ToArray();
        table.Rate("ML-KEM-768, managed: key from its seed", null, Rate(() => ManagedMlKemKey.FromSeed(parameters, seed).Dispose()), null);
        table.Rate("ML-KEM-768, managed: encapsulate", null, Rate(() => ManagedMlKemKey.TryEncapsulate(parameters, publicKey, m, ciphertext, shared)), null);
        table.Rate("ML-KEM-768, managed: decapsulate", null, Rate(() => key.TryDecapsulate(ciphertext, shared)), null);
        table.Rate($"ML-KEM-768, {(MLKem.IsSupported ? "platform's" : "managed")}, in use: encapsulate", null, 1e6 / Encapsulation(), null);
    }

    static double Encapsulation()
    {
        using Secret seed = MlKem.GenerateSeed();
        byte[] publicKey = MlKem.PublicKey(MlKemParameterSet.MlKem768, seed)!;
        return Measure.Microseconds(7, 500, () => MlKem.Encapsulate(MlKemParameterSet.MlKem768, publicKey)!.Dispose());
    }

    static double Rate(Action call) => 1e6 / Measure.Microseconds(7, 500, call);
}
