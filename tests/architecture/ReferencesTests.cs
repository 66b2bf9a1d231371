using System.Reflection;

namespace Kavalek.Architecture.Tests;

/// <summary>The house's floor plan: who may lean on whom (README, "Where things are").</summary>
public static class ReferencesTests
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Kavalek.Mls"] = [],
        ["Kavalek.Protocol"] = [],
        // The authentication service reads key packages before it stores them; it holds no group.
        ["Kavalek.Postgres"] = [],
        ["Kavalek.Auth"] = ["Kavalek.Protocol", "Kavalek.Mls", "Kavalek.Postgres"],
        ["Kavalek.Messaging"] = ["Kavalek.Protocol", "Kavalek.Postgres"],
        ["Kavalek.Host"] = ["Kavalek.Auth", "Kavalek.Messaging", "Kavalek.Protocol", "Kavalek.Postgres"],
        ["Kavalek.Client"] = ["Kavalek.Mls", "Kavalek.Protocol"],
        ["kavalek"] = ["Kavalek.Client", "Kavalek.Protocol"],
    };

    [Fact]
    public static void Assemblies_reference_only_what_the_floor_plan_allows()
    {
        foreach ((string name, string[] allowed) in Allowed)
        {
            string[] ours = [.. Assembly.Load(name).GetReferencedAssemblies().Select(r => r.Name!).Where(Allowed.ContainsKey)];
            Assert.True(ours.All(allowed.Contains), $"{name} references {string.Join(", ", ours.Except(allowed))}");
        }
    }
}
