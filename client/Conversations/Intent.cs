namespace Kavalek.Client;

/// <summary>What can be asked of a group (docs/PROTOCOL.md §8): done by a commit, and done again after a lost race.</summary>
enum IntentKind
{
    /// <summary>Add accounts, by key packages of all of their devices.</summary>
    AddAccounts = 1,
    /// <summary>Add devices of accounts that are in the group.</summary>
    AddDevices = 2,
    /// <summary>Remove an account.</summary>
    RemoveAccount = 3,
    /// <summary>Remove devices of the own account.</summary>
    RemoveDevices = 4,
    /// <summary>Set the title.</summary>
    Rename = 5,
    /// <summary>Set a role.</summary>
    SetRole = 6,
    /// <summary>Renew the own leaf.</summary>
    Renew = 7,
    /// <summary>Set how long messages live.</summary>
    SetTimer = 8,
    /// <summary>Let a device in again that cannot follow any more.</summary>
    Return = 9,
    /// <summary>Take the own account over to its new key.</summary>
    GoOver = 10,
    /// <summary>Let devices in again that the server stopped delivering to.</summary>
    Seat = 11,
}
