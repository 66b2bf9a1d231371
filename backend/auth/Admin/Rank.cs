namespace Kavalek.Auth;

/// <summary>What an account may do for the instance; each may all that those before it may.</summary>
internal enum Rank
{
    /// <summary>Nothing.</summary>
    Member,

    /// <summary>Sees who is there, and suspends members.</summary>
    Moderator,

    /// <summary>Lets people in and out.</summary>
    Admin,

    /// <summary>Sets policies and ranks.</summary>
    Owner,
}

/// <summary>Ranks by their stored names.</summary>
internal static class Ranks
{
    /// <summary>As it is stored and said.</summary>
    public static string Name(this Rank rank) => rank switch
    {
        Rank.Moderator => "moderator",
        Rank.Admin => "admin",
        Rank.Owner => "owner",
        _ => "member",
    };

    /// <summary>A stored or given rank; <c>null</c> where there is no such.</summary>
    public static Rank? Read(string name) => name switch
    {
        "member" => Rank.Member,
        "moderator" => Rank.Moderator,
        "admin" => Rank.Admin,
        "owner" => Rank.Owner,
        _ => null,
    };
}
