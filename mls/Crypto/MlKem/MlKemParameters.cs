namespace Kavalek.Mls;

/// <summary>The numbers of a parameter set (FIPS 203 §8, tables 2 and 3) and the lengths that follow from them, in bytes. η₁ and η₂ are 2 in both.</summary>
sealed class MlKemParameters
{
    /// <summary>Bytes of d ‖ z, the form in which private keys are kept.</summary>
    public const int SeedLength = 64;

    /// <summary>Bytes of a shared secret, a message and every other symmetric value.</summary>
    public const int SecretLength = 32;

    static readonly MlKemParameters MlKem768 = new(3, 10, 4);
    static readonly MlKemParameters MlKem1024 = new(4, 11, 5);

    MlKemParameters(int k, int du, int dv)
    {
        K = k;
        Du = du;
        Dv = dv;
    }

    /// <summary>Rank of the module: polynomials in a vector.</summary>
    public int K { get; }

    /// <summary>Bits of a coefficient of u in a ciphertext.</summary>
    public int Du { get; }

    /// <summary>Bits of a coefficient of v in a ciphertext.</summary>
    public int Dv { get; }

    /// <summary>Coefficients of a vector.</summary>
    public int VectorSize => K * Polynomial.Size;

    /// <summary>Coefficients of the matrix Â.</summary>
    public int MatrixSize => K * K * Polynomial.Size;

    public int EncapsulationKeyLength => K * Polynomial.EncodedLength + 32;

    public int CiphertextLength => Polynomial.PackedLength(Du) * K + Polynomial.PackedLength(Dv);

    /// <summary>Bytes of a decapsulation key in the expanded form of FIPS 203 §6.1.</summary>
    public int ExpandedKeyLength => K * Polynomial.EncodedLength + EncapsulationKeyLength + 32 + 32;

    public static MlKemParameters Of(MlKemParameterSet set) => set switch
    {
        MlKemParameterSet.MlKem768 => MlKem768,
        MlKemParameterSet.MlKem1024 => MlKem1024,
        _ => throw new PlatformNotSupportedException($"unknown ML-KEM parameter set {set}"),
    };
}
