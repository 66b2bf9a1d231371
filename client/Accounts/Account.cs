using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>The own account, on this device.</summary>
/// <param name="Id">The account's id.</param>
/// <param name="Handle">Without the @; empty on a waiting device that does not know it yet.</param>
/// <param name="DisplayName">What others see in conversations; <c>null</c> until one is set.</param>
/// <param name="Email">The address it logs in with, normalised.</param>
/// <param name="Server">The server's origin.</param>
/// <param name="Instance">The server's instance id.</param>
/// <param name="AccountKey">The public account key, 65 bytes; empty on a waiting device that has not been granted it.</param>
/// <param name="Device">This device's id.</param>
/// <param name="IsWaiting">Whether this device still waits to be approved by another one.</param>
public sealed record Account(
    Id Id, string Handle, string? DisplayName, string Email, Uri Server, Id Instance, byte[] AccountKey, Id Device, bool IsWaiting);

/// <summary>What a new account needs.</summary>
/// <param name="Server">The server's origin.</param>
/// <param name="Invite">The secret of the invite or set-up link; <c>null</c> where registration is open.</param>
/// <param name="Email">An e-mail address, seen by nobody but its owner.</param>
/// <param name="Handle">3 to 32 of <c>a-z 0-9 _ .</c>, beginning with a letter; a leading @ is dropped.</param>
/// <param name="Password">At least 10 characters.</param>
/// <param name="DisplayName">What others see in conversations.</param>
public sealed record SignUp(Uri Server, string? Invite, string Email, string Handle, string Password, string? DisplayName = null);

/// <summary>What a store holds, as far as it can be told without the password.</summary>
public enum ProfileState
{
    /// <summary>No account.</summary>
    Empty,
    /// <summary>An account, locked.</summary>
    Locked,
}

/// <summary>What <see cref="KavalekClient.InspectAsync"/> finds.</summary>
/// <param name="State">Whether there is an account.</param>
/// <param name="Server">Its server; <c>null</c> where there is none.</param>
public sealed record ProfileInfo(ProfileState State, Uri? Server);

/// <summary>One of the account's devices.</summary>
/// <param name="Id">The device's id.</param>
/// <param name="IsThis">Whether it is this one.</param>
/// <param name="IsWaiting">Whether it waits to be approved.</param>
/// <param name="Added">The day it was added.</param>
/// <param name="LastSeen">The day the server last saw it.</param>
public sealed record Device(Id Id, bool IsThis, bool IsWaiting, DateOnly Added, DateOnly LastSeen)
{
    /// <summary>What it calls itself, which only the account's devices know; <c>null</c> where it does not.</summary>
    public string? Name { get; init; }
}

/// <summary>A new invite.</summary>
/// <param name="Id">To list and revoke it.</param>
/// <param name="Link">What to give to the person invited; its secret is not kept anywhere.</param>
/// <param name="Uses">How many can join with it.</param>
/// <param name="Expires">Until when.</param>
public sealed record Invite(Id Id, string Link, int Uses, DateTimeOffset Expires);

/// <summary>An invite that exists.</summary>
/// <param name="Id">To revoke it.</param>
/// <param name="UsesLeft">How many can still join with it.</param>
/// <param name="Expires">Until when.</param>
public sealed record InviteInfo(Id Id, int UsesLeft, DateTimeOffset Expires);
