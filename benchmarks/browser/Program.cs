// The client in a headless Chromium, on a server in this process (docs/browser.md): bytes, boot, MLS, send to seen. Build first: scripts/build-browser-tests.sh.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Kavalek.Browser.Tests;
using Kavalek.Host;
using Microsoft.Extensions.Logging;

string web = Path.GetFullPath("tests/browser/obj/web");
if (!File.Exists(Path.Combine(web, "index.html")) || Chromium.Program is null)
{
    Console.Error.WriteLine("Run scripts/build-browser-tests.sh first, from the root of the repository; it needs npm and Chromium.");
    return 1;
}
using TcpListener free = new(IPAddress.Loopback, 0);
free.Start();
string origin = $"http://localhost:{((IPEndPoint)free.LocalEndpoint).Port}";
free.Stop();
string data = Directory.CreateTempSubdirectory("kavalek-benchmark-").FullName;
await using Server server = await Server.StartAsync(
    new ServerOptions { Data = data, Urls = origin, Origin = origin, Web = web, RateFactor = 1000 }, console: TextWriter.Null, logging: logs => logs.ClearProviders());
await using Chromium chromium = await Chromium.StartAsync();

long compressed = Directory.EnumerateFiles(Path.Combine(web, "dotnet"), "*.br").Sum(file => new FileInfo(file).Length);
Line("WebAssembly and its loader, brotli", $"{compressed / 1e6:0.00} MB");

if (args is ["large", ..])
{
    await LargeAsync(server.SetUpSecret!);
    Directory.Delete(data, recursive: true);
    return 0;
}

// A profile whose cache is empty, then the same one again.
BrowserContext fresh = await chromium.ContextAsync();
List<double> cold = [], warm = [];
for (int run = 0; run < 5; run++)
{
    BrowserContext context = await chromium.ContextAsync();
    Tab tab = await context.OpenAsync(new Uri(origin));
    cold.Add(await BootAsync(tab));
    for (int again = 0; again < 3; again++)
    {
        await tab.ReloadAsync();
        warm.Add(await BootAsync(tab));
    }
    await tab.CloseAsync();
}
Line("worker to first answer, cold cache, median", $"{Median(cold):0} ms");
Line("worker to first answer, warm cache, median", $"{Median(warm):0} ms");

Tab bench = await fresh.OpenAsync(new Uri(origin));
foreach (string name in (string[])["messages", "join 100", "join 1000"])
{
    JsonElement figures = await bench.EvaluateAsync($"inside({{ bench: ['{name}'] }})");
    foreach (JsonProperty figure in figures.EnumerateObject())
    {
        double microseconds = figure.Value.GetDouble();
        Line(figure.Name, name == "messages" ? $"{1e6 / microseconds:0} /s" : $"{microseconds / 1000:0.0} ms");
    }
    await bench.ReloadAsync();
}

Tab one = await PersonAsync("person1", server.SetUpSecret!);
string invite = (await one.AskAsync("invites.create", new { uses = 1, validity = 3600 })).GetProperty("link").GetString()!.Split("#invite=")[1];
Tab two = await PersonAsync("person2", invite);
JsonElement contact = await one.AskAsync("contacts.find", new { handle = "person2" });
string id = (await one.AskAsync("conversations.direct", new { account = contact.GetProperty("account").GetString() })).GetProperty("id").GetString()!;
await one.AskAsync("conversation.send", new { conversation = id, text = "first", replyTo = (string?)null });
await two.UntilAsync("conversations", "list => list.length === 1");
await two.AskAsync("conversation.accept", new { conversation = id });
await two.EvaluateAsync("window.seen = {}; client.onEvent(e => { if (e.type === 'message.added') seen[e.message.body.text] = performance.timeOrigin + performance.now(); }); 0");
const int Messages = 60;
List<double> took = [];
for (int i = 0; i < Messages; i++)
{
    double start = (await one.EvaluateAsync(
        $"(() => {{ const at = performance.timeOrigin + performance.now(); void client.request('conversation.send', {{ conversation: '{id}', text: 'm{i}', replyTo: null }}); return at; }})()")).GetDouble();
    double end = (await two.EvaluateAsync($"new Promise(done => {{ const look = () => seen.m{i} ? done(seen.m{i}) : setTimeout(look, 1); look(); }})")).GetDouble();
    if (i >= 10) took.Add(end - start);
}
took.Sort();
Line("send to seen in another browser, p50", $"{took[took.Count / 2]:0} ms");
Line("send to seen in another browser, worst of 50", $"{took[^1]:0} ms");
await LargeAsync((await one.AskAsync("invites.create", new { uses = 1, validity = 3600 })).GetProperty("link").GetString()!.Split("#invite=")[1]);
Directory.Delete(data, recursive: true);
return 0;

// An account with 200 conversations and 100,000 messages: from the password to the list, and to what a search finds.
async Task LargeAsync(string secret)
{
    const int Conversations = 200, Messages = 100_000;
    var (entries, index) = await LargeAccount.MakeAsync(new Uri(origin), secret, Conversations, Messages);
    Line("store of 100,000 messages, of which index", $"{entries.Sum(entry => (long)entry.Value.Length) / 1e6:0.0} / {index / 1e6:0.0} MB");
    BrowserContext context = await chromium.ContextAsync();
    Tab tab = await context.OpenAsync(new Uri(origin));
    await LargeAccount.PutAsync(tab, entries);
    double stretching = (await tab.EvaluateAsync("""
        (async () => {
          const key = await crypto.subtle.importKey('raw', new Uint8Array(20), 'PBKDF2', false, ['deriveBits']);
          const at = performance.now();
          await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(16), iterations: 1000000 }, key, 256);
          return performance.now() - at;
        })()
        """)).GetDouble();
    Line("the password alone, 1,000,000 iterations", $"{stretching:0} ms");
    List<double> opened = [], cold = [], again = [];
    for (int run = 0; run < 3; run++)
    {
        await tab.EvaluateAsync("start()");
        await tab.UntilAsync("session", "s => s.state === 'locked'");
        opened.Add((await tab.EvaluateAsync($$"""
            (async () => {
              const at = performance.now();
              void client.request('session.unlock', { password: '{{LargeAccount.Password}}' });
              await until(client.conversations, list => list.length === {{Conversations}});
              return performance.now() - at;
            })()
            """)).GetDouble());
        string[] queries = ["ba", "be co", "xyzzy", "ma", "so"];
        for (int i = 0; i < queries.Length; i++)
            (i == 0 ? cold : again).Add((await tab.EvaluateAsync($$"""
                (async () => {
                  const at = performance.now();
                  await client.request('search.messages', { text: '{{queries[i]}}', conversation: null, sender: null, after: null, limit: 20 });
                  return performance.now() - at;
                })()
                """)).GetDouble());
        await tab.ReloadAsync();
    }
    Line("unlock to list of 200, the password included", $"{Median(opened):0} ms");
    Line("search, the first / median of the next", $"{Median(cold):0} / {Median(again):0} ms");
    await tab.CloseAsync();
}

async Task<double> BootAsync(Tab tab) => (await tab.EvaluateAsync(
    "(async () => { const at = performance.now(); start(); await until(client.session, s => s.state !== 'starting'); return performance.now() - at; })()")).GetDouble();

async Task<Tab> PersonAsync(string handle, string invitation)
{
    BrowserContext context = await chromium.ContextAsync();
    Tab tab = await context.OpenAsync(new Uri(origin));
    await tab.EvaluateAsync("start()");
    await tab.UntilAsync("session", "s => s.state === 'empty'");
    await tab.AskAsync("session.signUp", new { invite = invitation, email = $"{handle}@example.org", handle, password = "correct horse battery", displayName = (string?)null });
    await tab.UntilAsync("connection", "c => c.state === 'online'");
    return tab;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static void Line(string what, string value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-48} {value,12}"));
