namespace Kavalek.Mls;

/// <summary>A parameter set of ML-KEM (FIPS 203 §8). A private key is the 64-byte seed d ‖ z, a shared secret has 32 bytes.</summary>
public enum MlKemParameterSet
{
    /// <summary>ML-KEM-768, category 3: encapsulation key 1,184 bytes, ciphertext 1,088.</summary>
    MlKem768 = 768,
    /// <summary>ML-KEM-1024, category 5: encapsulation key 1,568 bytes, ciphertext 1,568.</summary>
    MlKem1024 = 1024,
}
