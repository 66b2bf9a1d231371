using System.Globalization;
using Kavalek.Server.Benchmarks;

// dotnet run -c Release --project benchmarks/server                      everything on SQLite, PostgreSQL and two nodes: about five minutes
// dotnet run -c Release --project benchmarks/server -- postgres pairs    some of: sqlite, postgres, nodes; pairs, paced, group, drain, idle, limits
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["relay"])
{
    await PlatformLimits.RelayAsync();
    return 0;
}

string[] stores = [.. args.Where(a => a is "sqlite" or "postgres" or "nodes")];
if (stores.Length == 0)
    stores = ["sqlite", "postgres", "nodes"];
string[] wanted = [.. args.Except(stores)];
bool Wants(string what) => wanted.Length == 0 || wanted.Contains(what);
TimeSpan time = TimeSpan.FromSeconds(8);
foreach (string store in stores)
{
    var report = new Report(store);
    if (Wants("limits") && store == "sqlite")
    {
        using ChildProcess relay = await ChildProcess.StartAsync(Environment.ProcessPath!, "relay");
        report.Relay(await PlatformLimits.RelayRateAsync(relay, 50, 16, TimeSpan.FromSeconds(5)));
        report.Storage(PlatformLimits.StorageRate(1, TimeSpan.FromSeconds(2)), PlatformLimits.StorageRate(500, TimeSpan.FromSeconds(3)));
    }
    if (Wants("idle"))
    {
        using Instance server = await Instance.StartAsync(store);
        report.Start(server.StartedIn, server.ResidentBytes() / server.Nodes);
        report.Idle([5_000, 10_000], await Workloads.IdleAsync(server, 5_000, 10_000));
    }
    using (Instance server = await Instance.StartAsync(store))
    {
        if (Wants("pairs"))
            report.Pairs(await Workloads.PairsAsync(server, 50, 16, time));
        if (Wants("paced"))
            report.Paced(await Workloads.PacedAsync(server, 50, 2_000, time));
        if (Wants("group"))
        {
            report.Group(50, await Workloads.GroupAsync(server, 50, 10, 16, time));
            report.Group(200, await Workloads.GroupAsync(server, 200, 10, 8, time));
        }
        if (Wants("drain"))
            report.Drain(await Workloads.DrainAsync(server, 100, 1_000));
    }
    Console.WriteLine($"\n== {store switch { "sqlite" => "SQLite", "postgres" => "PostgreSQL", _ => "two nodes, PostgreSQL and Redis (each pair and group across both)" }}");
    report.Print();
}
return 0;
