namespace Kavalek.Mls;

/// <summary>What the library takes from outside. There is no clock in it: calls that look at lifetimes are given the time.</summary>
/// <param name="Crypto">The platform's primitives.</param>
/// <param name="Authentication">The application's word on credentials.</param>
public sealed record MlsEnvironment(ICryptoProvider Crypto, IAuthenticationService Authentication)
{
    /// <summary>How long keys are kept for late messages.</summary>
    public RetentionPolicy Retention { get; init; } = RetentionPolicy.Default;

    /// <summary>Hard limits on hostile input.</summary>
    public MlsLimits Limits { get; init; } = MlsLimits.Default;

    /// <summary>What the groups accept.</summary>
    public MlsRules Rules { get; init; } = MlsRules.Default;
}
