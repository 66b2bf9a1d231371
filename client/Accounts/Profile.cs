using System.Text.Json;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>How far a profile got.</summary>
enum ProfilePhase
{
    /// <summary>The sign-up was sent, and its end is not known yet.</summary>
    SigningUp,
    /// <summary>Logged in on a new device that waits to be approved.</summary>
    Waiting,
    /// <summary>A certified device.</summary>
    Active,
}

/// <summary>What a profile is about; stored sealed.</summary>
/// <param name="Phase">How far it got.</param>
/// <param name="Server">The server's origin.</param>
/// <param name="Instance">Its instance id, the same for ever.</param>
/// <param name="Email">Normalised.</param>
/// <param name="Iterations">PBKDF2 iterations of the last log-in: fewer are refused from then on.</param>
/// <param name="Account">The account.</param>
/// <param name="Handle">Without the @; empty until known.</param>
/// <param name="DisplayName">What others see.</param>
/// <param name="Device">This device.</param>
/// <param name="Opened">How often the profile was opened: it only grows, so that a copy put back can be told from the original.</param>
/// <param name="DeviceName">What this device calls itself to the account's others.</param>
/// <param name="AutoLockSeconds">After how long without use the client locks itself; 0 for never.</param>
sealed record Profile(
    ProfilePhase Phase, Uri Server, Id Instance, string Email, int Iterations, Id Account, string Handle, string? DisplayName, Id Device, ulong Opened,
    int AutoLockSeconds = 0, string? DeviceName = null)
{
    /// <summary>Where it is stored.</summary>
    public const string Key = "profile";

    /// <summary>The record's bytes.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ClientJson.Default.Profile);

    /// <summary>Reads the record.</summary>
    public static Profile Decode(byte[] bytes) => JsonSerializer.Deserialize(bytes, ClientJson.Default.Profile) ?? throw new InvalidOperationException("empty profile record");
}
