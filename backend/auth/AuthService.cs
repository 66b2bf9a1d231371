using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Auth;

/// <summary>
/// The authentication service: accounts, devices, sessions, directory, key packages (docs/PROTOCOL.md §3 to §5). The host
/// gives it a <see cref="TimeProvider"/> and an <see cref="IEventBus"/>, and turns <see cref="AuthException"/> into problem documents.
/// </summary>
public sealed class AuthService : IAsyncDisposable
{
    readonly AuthDatabase _database;
    readonly AuthKeys _keys;

    AuthService(AuthOptions options, AuthDatabase database, AuthKeys keys, InstanceId instance, Bcrypt bcrypt, TimeProvider clock)
    {
        (Options, _database, _keys, Identity, Bcrypt) = (options, database, keys, instance, bcrypt);
        Tokens = new AccessTokens(keys.Token, instance.Id, clock);
        Clock = clock;
    }

    /// <summary>The instance's id: issuer of the access tokens.</summary>
    public Id Instance => Identity.Id;

    /// <summary>The public key that verifies access tokens with this <c>kid</c>, for services in the same process; others read the JWKS.</summary>
    public SecurityKey? PublicKey(string kid) => kid == Tokens.PublicKey.Kid ? Tokens.PublicKey : null;

    /// <summary>
    /// While the instance has no owner: the secret of <c>ORIGIN/#setup=</c>, which makes one, once, within 24 hours. Each start makes a new
    /// one. The host shows it to whoever sits at the console, and to nobody else.
    /// </summary>
    public string? SetUpSecret { get; private init; }

    internal AuthOptions Options { get; }
    internal InstanceId Identity { get; }
    internal AccessTokens Tokens { get; }
    internal Bcrypt Bcrypt { get; }
    internal TimeProvider Clock { get; }
    internal AuthDatabase Database => _database;
    internal AuthKeys Keys => _keys;

    /// <summary>Opens the data folder, or makes it where there is none.</summary>
    /// <exception cref="InvalidOperationException">A setting, a key file or the system is not fit to start on; the message says what to do.</exception>
    public static async Task<AuthService> OpenAsync(AuthOptions options, TimeProvider clock)
    {
        options.Validate();
        Bcrypt bcrypt = Bcrypt.Load();
        PrivateFile.CreateFolder(options.DataFolder);
        AuthDatabase database = await AuthDatabase.OpenAsync(options);
        try
        {
            InstanceId? instance = await InstanceId.FindAsync(database);
            // Keys before the id: a start that is cut off in between finds its keys again.
            AuthKeys keys = AuthKeys.Open(Path.Combine(options.DataFolder, "keys"), mayCreate: instance is null);
            instance ??= await InstanceId.MakeAsync(database);
            return new AuthService(options, database, keys, instance, bcrypt, clock)
            {
                SetUpSecret = await new InviteStore(database, new AuditLog(database, instance, keys, clock), clock).RenewSetUpAsync(),
            };
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the database answers.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            return await _database.ReadAsync(db => db.NumberAsync("SELECT COUNT(*) FROM instance")) == 1;
        }
        catch (AuthException)
        {
            return false;
        }
    }

    /// <summary>Closes the database and zeroes the keys.</summary>
    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Tokens.Dispose();
        _keys.Dispose();
    }
}

/// <summary>Puts the service into a host.</summary>
public static class AuthHosting
{
    /// <summary>Registers what the endpoints need; after the services that listen to its news.</summary>
    public static IServiceCollection AddAuth(this IServiceCollection services, AuthService auth)
    {
        ArgumentNullException.ThrowIfNull(auth);
        return services
            .AddSingleton(auth.Options).AddSingleton(auth.Identity).AddSingleton(auth.Tokens).AddSingleton(auth.Database)
            .AddSingleton(auth.Keys).AddSingleton(auth.Bcrypt)
            .AddSingleton<EmailVault>().AddSingleton<PasswordHasher>().AddSingleton<RateLimiter>().AddSingleton<LogIds>()
            .AddSingleton<SignedIdentity>().AddSingleton<Challenges>().AddSingleton<SessionTokens>().AddSingleton<KeyPackageCheck>()
            .AddSingleton<RegistrationStore>().AddSingleton<LogInStore>().AddSingleton<SessionStore>().AddSingleton<DeviceStore>()
            .AddSingleton<VaultStore>().AddSingleton<LinkStore>().AddSingleton<AccountStore>().AddSingleton<RetiredDevices>().AddSingleton<ClosedAccounts>()
            .AddSingleton<DirectoryStore>().AddSingleton<KeyPackageStore>().AddSingleton<InviteStore>()
            .AddSingleton<AuditLog>().AddSingleton<PeopleStore>().AddSingleton<ReportStore>().AddSingleton<SeenPolicy>().AddSingleton<Settings>().AddSingleton<Policies>()
            .AddSingleton<Mailer>().AddHostedService(provider => provider.GetRequiredService<Mailer>())
            .AddSingleton<Gate>()
            .AddHostedService<Reminder>().AddHostedService<Sweeper>();
    }

    /// <summary>Maps every call of docs/PROTOCOL.md §5.</summary>
    public static void MapAuth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RouteGroupBuilder routes = endpoints.MapGroup("");
        routes.AddEndpointFilterFactory((_, next) =>
        {
            Gate gate = endpoints.ServiceProvider.GetRequiredService<Gate>();
            return context => gate.InvokeAsync(context, next);
        });
        routes.MapInstance();
        routes.MapJwks();
        routes.MapRegistration();
        routes.MapLogIn();
        routes.MapSessions();
        routes.MapDevices();
        routes.MapLinks();
        routes.MapVaults();
        routes.MapAccount();
        routes.MapDirectory();
        routes.MapKeyPackages();
        routes.MapInvites();
        routes.MapAdminSessions();
        routes.MapOverview();
        routes.MapPeople();
        routes.MapRankedInvites();
        routes.MapSetUp();
        routes.MapBackups();
        routes.MapPolicy();
        routes.MapAudit();
        routes.MapReports();
    }
}
