using System.Runtime.InteropServices.JavaScript;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kavalek.Client.Browser;

/// <summary>The worker's door to the client: requests come in as JSON, answers and events go out (docs/browser.md).</summary>
static partial class Bridge
{
    const string Module = "kavalek/bridge";

    static Seat? s_seat;

    /// <summary>Opens what this browser holds; afterwards there is a session to tell of.</summary>
    /// <param name="call">To be completed by <see cref="Calls"/>'s counterpart, <see cref="Answer"/>.</param>
    /// <param name="origin">The server: the page's own origin.</param>
    /// <param name="database">The name of the database.</param>
    [JSExport]
    internal static void Start(int call, string origin, string database) => Run(call, async () =>
    {
        s_seat ??= new Seat(new Uri(origin), database, Emit);
        await s_seat.OpenAsync().ConfigureAwait(false);
        return null;
    });

    /// <summary>A request of the page.</summary>
    [JSExport]
    internal static void Request(int call, string method, string parameters) => Run(call, async () =>
    {
        using JsonDocument document = JsonDocument.Parse(parameters);
        return await (s_seat ?? throw Seat.NotOpen()).AnswerAsync(method, new Parameters(document.RootElement)).ConfigureAwait(false);
    });

    /// <summary>Everything there is to draw.</summary>
    [JSExport]
    internal static void Snapshot(int call) => Run(call, async () =>
        Json(await (s_seat ?? throw Seat.NotOpen()).SnapshotAsync().ConfigureAwait(false)));

    /// <summary>Another tab has become the writer: everything is closed, and nothing more is written.</summary>
    [JSExport]
    internal static void Leave(int call) => Run(call, async () =>
    {
        if (s_seat is { } seat) await seat.LeaveAsync().ConfigureAwait(false);
        s_seat = null;
        return null;
    });

    /// <summary>A value as JSON.</summary>
    public static string Json<T>(T value) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)ViewJson.Default.GetTypeInfo(typeof(T))!);

    static void Emit(EventView happened) => Emit(Json(happened));

    [JSImport("answer", Module)]
    private static partial void Answer(int call, string? value, string? error);

    [JSImport("emit", Module)]
    private static partial void Emit(string happened);

    static async void Run(int call, Func<Task<string?>> work)
    {
        try
        {
            Answer(call, await work().ConfigureAwait(false), null);
        }
        catch (KavalekException e)
        {
            Answer(call, null, Json(Draw.Error(e)));
        }
        catch (ObjectDisposedException)
        {
            // It was locked meanwhile.
            Answer(call, null, Json(Draw.Error(Seat.NotOpen())));
        }
        catch (FencedException)
        {
            Answer(call, null, Json(new ErrorView("interrupted", "The account is open in another tab now. Try again.", false, null)));
        }
        catch (Exception e) when (e is IOException)
        {
            Answer(call, null, Json(new ErrorView("storage", "The browser could not store it: its storage may be full. Nothing was changed.", true, null)));
        }
        catch (Exception e)
        {
            // A defect: its kind and place, never its text, which may quote what it worked on.
            Console.Error.WriteLine($"{e.GetType().FullName}\n{e.StackTrace}");
            Answer(call, null, Json(new ErrorView("internal", $"Something went wrong inside Kavalek ({e.GetType().Name}).", false, null)));
        }
    }
}
