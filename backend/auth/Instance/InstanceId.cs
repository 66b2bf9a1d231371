using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>The instance's id: made once, part of everything that is signed or derived here.</summary>
internal sealed record InstanceId(Id Id)
{
    /// <summary>The stored id, or <c>null</c> where the database is new.</summary>
    public static async Task<InstanceId?> FindAsync(AuthDatabase database) => await database.ReadAsync(db =>
        db.FirstAsync("SELECT id FROM instance", row => new InstanceId(row.Id(0))));

    /// <summary>Gives a new database its id. Of two nodes that start at once, both get the same.</summary>
    public static Task<InstanceId> MakeAsync(AuthDatabase database) => database.WriteAsync(async db =>
    {
        if (await db.FirstAsync("SELECT id FROM instance", row => new InstanceId(row.Id(0))) is { } made) return made;
        InstanceId instance = new(Id.New());
        await db.ExecuteAsync("INSERT INTO instance (id) VALUES (@id)", ("@id", instance.Id));
        return instance;
    });
}
