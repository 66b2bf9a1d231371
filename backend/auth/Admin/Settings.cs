using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>
/// What an owner has set of the instance itself (docs/PROTOCOL.md §5.11): its name, its way to a mail server, and that it was set up. Sealed by a key outside the database, so
/// that whoever changes that alone sends no letters elsewhere. What was never set here is as the command line says.
/// </summary>
internal sealed class Settings(AuthDatabase database, AuthOptions options, EmailVault vault, AuditLog audit, TimeProvider clock)
{
    const string Name = "name", Mail = "mail", SetUp = "set-up";

    const string All = "SELECT name, sealed FROM setting";

    const string Put = "INSERT INTO setting (name, sealed) VALUES (@name, @sealed) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";

    // How long what another node has set may be unknown here.
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    volatile Known? _known;

    /// <summary>What people see the instance is called.</summary>
    public async Task<string> NameAsync() => (await KnownAsync()).Name;

    /// <summary>The way to a mail server; <c>null</c> where there is none.</summary>
    public async Task<MailOptions?> MailAsync() => (await KnownAsync()).Mail;

    /// <summary>Whether an owner has finished setting up.</summary>
    public async Task<bool> IsSetUpAsync() => (await KnownAsync()).IsSetUp;

    /// <summary>All of it, but for the mail server's password.</summary>
    public async Task<InstanceSettings> ReadAsync() => Shown(await KnownAsync());

    /// <summary>Sets name and mail.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>. And as <see cref="Staff.RequireAsync"/> says.</exception>
    public async Task<InstanceSettings> SetAsync(Staff actor, InstanceSettings wanted)
    {
        Check(wanted);
        Known now = await database.WriteAsync(async db =>
        {
            await actor.RequireAsync(db, clock);
            Known before = await LoadAsync(db);
            MailOptions? mail = Merged(wanted.Mail, before.Mail);
            List<string> changed = [];
            if (wanted.Name != before.Name)
            {
                await db.ExecuteAsync(Put, ("@name", Name), ("@sealed", vault.SealSetting(Name, Encoding.UTF8.GetBytes(wanted.Name))));
                changed.Add(Name);
            }
            if (mail != before.Mail)
            {
                // Empty: none, whatever the command line says.
                byte[] plain = mail is null ? [] : JsonSerializer.SerializeToUtf8Bytes(
                    new MailSettings(mail.Host, mail.Port, mail.From, mail.User, mail.Password), AdminJson.Default.MailSettings);
                await db.ExecuteAsync(Put, ("@name", Mail), ("@sealed", vault.SealSetting(Mail, plain)));
                changed.Add(Mail);
            }
            if (changed.Count > 0) await audit.WriteAsync(db, actor.Account, "settings", detail: string.Join(' ', changed));
            return before with { Name = wanted.Name, Mail = mail, Read = clock.GetUtcNow() };
        });
        _known = now;
        return Shown(now);
    }

    /// <summary>It is set up: the pages for that are gone.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: it was before. And as <see cref="Staff.RequireAsync"/> says.</exception>
    public async Task FinishAsync(Staff actor)
    {
        await database.WriteAsync(async db =>
        {
            await actor.RequireAsync(db, clock);
            if ((await LoadAsync(db)).IsSetUp) throw AuthException.NotFound();
            await db.ExecuteAsync(Put, ("@name", SetUp), ("@sealed", vault.SealSetting(SetUp, [])));
            await audit.WriteAsync(db, actor.Account, "set up");
        });
        _known = null;
    }

    async Task<Known> KnownAsync()
    {
        if (_known is { } known && clock.GetUtcNow() - known.Read < Fresh) return known;
        return _known = await database.ReadAsync(LoadAsync);
    }

    async Task<Known> LoadAsync(Db db)
    {
        Dictionary<string, byte[]> stored = (await db.AllAsync(All, row => (row.GetString(0), row.Bytes(1)))).ToDictionary(row => row.Item1, row => Opened(row.Item1, row.Item2));
        MailOptions? mail = !stored.TryGetValue(Mail, out byte[]? sealedMail) ? options.Mail
            : sealedMail.Length > 0 && JsonSerializer.Deserialize(sealedMail, AdminJson.Default.MailSettings) is { } set ? new MailOptions(set.Host, set.Port, set.From, set.User, set.Password) : null;
        return new Known(stored.TryGetValue(Name, out byte[]? name) ? Encoding.UTF8.GetString(name) : options.Name, mail, stored.ContainsKey(SetUp), clock.GetUtcNow());
    }

    byte[] Opened(string name, byte[] box)
    {
        try
        {
            return vault.OpenSetting(name, box);
        }
        catch (CryptographicException e)
        {
            throw new InvalidOperationException("A stored setting was not sealed by this instance: the database was changed, or belongs to other keys.", e);
        }
    }

    static InstanceSettings Shown(Known known) =>
        new(known.Name, known.Mail is { } mail ? new MailSettings(mail.Host, mail.Port, mail.From, mail.User) : null);

    static MailOptions? Merged(MailSettings? wanted, MailOptions? before)
    {
        if (wanted is null) return null;
        bool stays = wanted is { Password: null, User: not null } && before is not null && (wanted.Host, wanted.Port, wanted.User) == (before.Host, before.Port, before.User);
        if (wanted is { Password: null, User: not null } && !stays) throw AuthException.Invalid("The mail server's user needs a password.");
        return new MailOptions(wanted.Host, wanted.Port, wanted.From, wanted.User, stays ? before!.Password : wanted.Password);
    }

    static void Check(InstanceSettings wanted)
    {
        static bool IsLine(string? text, int most) => text is null || (text.Length >= 1 && text.Length <= most && !text.Any(char.IsControl));
        bool good = IsLine(wanted.Name, 64) && wanted.Name.Trim().Length > 0
            && (wanted.Mail is not { } mail || (Uri.CheckHostName(mail.Host) != UriHostNameType.Unknown && mail.Host.Length <= 255 && mail.Port is >= 1 and <= 65_535
                && IsLine(mail.From, 254) && System.Net.Mail.MailAddress.TryCreate(mail.From, out _) && IsLine(mail.User, 254) && IsLine(mail.Password, 1_024)
                && !(mail.User is null && mail.Password is not null)));
        if (!good) throw AuthException.Invalid("A name has 1 to 64 characters; mail has a host, a port, a sender's address, and a user with a password or neither.");
    }

    sealed record Known(string Name, MailOptions? Mail, bool IsSetUp, DateTimeOffset Read);
}
