using System.Globalization;
using Kavalek.Client.Benchmarks;

// dotnet run -c Release --project benchmarks/client [messages] [conversations]
int messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
int conversations = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 200;
await HistoryBenchmark.RunAsync(messages, conversations);
await DeviceBenchmark.RunAsync(conversations, 100_000);
await DeviceBenchmark.RunAsync(conversations, 1);
