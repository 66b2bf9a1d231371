using System.Diagnostics.Metrics;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;

namespace Kavalek.Messaging;

/// <summary>What the delivery service measures, for whoever listens: sums over everybody, nothing of anybody.</summary>
sealed class MessagingMetrics : IDisposable
{
    readonly Meter _meter = new("Kavalek.Messaging");

    public MessagingMetrics(GroupCommit writer, Sockets.Sockets sockets, Admin.DeliveryTimes times, Database database)
    {
        Counter<long> operations = _meter.CreateCounter<long>("kavalek.operations", null, "Appends, acknowledgements and other changes that were asked for.");
        Counter<long> refused = _meter.CreateCounter<long>("kavalek.operations.failed", null, "Those that could not be stored.");
        Histogram<double> commit = _meter.CreateHistogram<double>("kavalek.commit.seconds", "s", "From taking a batch of changes to telling its listeners.");
        Histogram<double> delivery = _meter.CreateHistogram<double>(
            "kavalek.delivery.seconds", "s", "From the arrival of a change at this node to handing it to its readers' sockets here: the slowest of each batch.");
        writer.Measured = batch =>
        {
            operations.Add(batch.Operations);
            commit.Record(batch.Seconds);
            if (!batch.IsStored)
            {
                refused.Add(batch.Operations);
                return;
            }
            delivery.Record(batch.SinceArrival);
            times.Add(batch.SinceArrival, batch.Appends);
        };
        _meter.CreateObservableGauge("kavalek.connections", () => (long)sockets.Count, null, "Open sockets.");
        _meter.CreateObservableGauge("kavalek.queue", () => (long)writer.Waiting, null, "Changes that wait for the writer.");
        _meter.CreateObservableGauge("kavalek.database.bytes", database.Size, "By", "What the delivery service's database takes.");
    }

    public void Dispose() => _meter.Dispose();
}
