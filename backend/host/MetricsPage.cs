using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Kavalek.Host;

/// <summary>
/// What the services measure (<see cref="Meter"/>, .NET's side of OpenTelemetry) as a page that Prometheus reads, at an address of its own (<c>--metrics-urls</c>).
/// Sums over everybody: no account, device, stream or address is in it.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    // Seconds, from a tenth of a millisecond to ten.
    static readonly double[] s_bounds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

    readonly MeterListener _listener = new();
    readonly Lock _gate = new();
    readonly SortedDictionary<string, Measured> _measured = new(StringComparer.Ordinal);

    public MetricsPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.Meter.Name.StartsWith("Kavalek", StringComparison.Ordinal))
                return;
            // What has not happened yet is nought, and not missing.
            if (instrument is Counter<long> or Histogram<double>)
            {
                lock (_gate)
                    _measured.TryAdd(NameOf(instrument), new Measured(instrument));
            }
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Note(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Note(instrument, value));
        _listener.Start();
    }

    /// <summary>The page, in Prometheus' text format.</summary>
    public string Render()
    {
        _listener.RecordObservableInstruments();
        var page = new StringBuilder();
        lock (_gate)
        {
            foreach ((string name, Measured m) in _measured)
            {
                page.Append(CultureInfo.InvariantCulture, $"# HELP {name} {m.Instrument.Description}\n# TYPE {name} {m.Kind}\n");
                if (m.Counts is null)
                {
                    page.Append(CultureInfo.InvariantCulture, $"{name} {m.Value}\n");
                    continue;
                }
                long below = 0;
                for (int i = 0; i < s_bounds.Length; i++)
                    page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{le=\"{s_bounds[i]}\"}} {below += m.Counts[i]}\n");
                page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{le=\"+Inf\"}} {below + m.Counts[^1]}\n{name}_sum {m.Value}\n{name}_count {below + m.Counts[^1]}\n");
            }
        }
        page.Append(CultureInfo.InvariantCulture, $"# HELP process_resident_memory_bytes Resident memory.\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {Environment.WorkingSet}\n");
        return page.ToString();
    }

    public void Dispose() => _listener.Dispose();

    void Note(Instrument instrument, double value)
    {
        string name = NameOf(instrument);
        lock (_gate)
        {
            if (!_measured.TryGetValue(name, out Measured? m))
                _measured.Add(name, m = new Measured(instrument));
            m.Instrument = instrument;
            switch (m.Kind)
            {
                case "counter":
                    m.Value += value;
                    break;
                case "histogram":
                    m.Value += value;
                    int at = Array.FindIndex(s_bounds, bound => value <= bound);
                    m.Counts![at < 0 ? s_bounds.Length : at]++;
                    break;
                default:
                    m.Value = value;
                    break;
            }
        }
    }

    static string NameOf(Instrument instrument) => instrument.Name.Replace('.', '_');

    sealed class Measured(Instrument instrument)
    {
        public Instrument Instrument { get; set; } = instrument;
        public string Kind { get; } = instrument is Counter<long> ? "counter" : instrument is Histogram<double> ? "histogram" : "gauge";
        public double Value { get; set; }
        public long[]? Counts { get; } = instrument is Histogram<double> ? new long[s_bounds.Length + 1] : null;
    }
}

internal static class MetricsServer
{
    /// <summary>Serves the page at <c>/metrics</c> of addresses of its own; disposing ends it.</summary>
    public static async Task<IAsyncDisposable> StartAsync(string urls)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseUrls(urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRouting();
        builder.Services.AddSingleton<MetricsPage>();
        WebApplication app = builder.Build();
        // Made now, so that it counts from now.
        MetricsPage page = app.Services.GetRequiredService<MetricsPage>();
        app.UseRouting();
        app.MapGet("/metrics", () => TypedResults.Text(page.Render(), "text/plain; version=0.0.4"));
        await app.StartAsync();
        return app;
    }
}
