using Google.Protobuf;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>
/// Shows one device another stream than the real one: each stretch of new entries passes a function that may leave out, repeat, change,
/// hold back, reorder or invent. What is shown is numbered without gaps, as an honest server would, so that nothing gives the lie away but its
/// content. Over HTTP and sockets alike.
/// </summary>
/// <param name="device">Who is lied to.</param>
/// <param name="stream">About which stream.</param>
/// <param name="show">What becomes of entries that are new; what it leaves out, it may show with later ones.</param>
sealed class StreamLens(Id device, Id stream, Func<IReadOnlyList<Wire.Entry>, IEnumerable<Wire.Entry>> show) : Rule, IDisposable
{
    readonly SemaphoreSlim _turn = new(1);
    readonly List<(Wire.Entry Entry, ulong Real)> _shown = [];
    ulong _real;
    ulong _next;
    ulong? _acked;

    public override async Task<Answer> AnswerAsync(Request request, Func<Request, Task<Answer>> next)
    {
        if (request.Caller?.Device != device) return await next(request);
        if (request.Is("GET", $"api/v1/streams/{stream}/entries?*")) return await PageAsync(request, next);
        if (request.Is("PUT", $"api/v1/streams/{stream}/ack"))
        {
            Wire.Ack ack = Wire.Ack.Parser.ParseFrom(request.Body);
            _acked = Math.Max(_acked ?? 0, ack.Seq);
            return await next(request with { Body = new Wire.Ack { Stream = ack.Stream, Seq = RealOf(ack.Seq) }.ToByteArray() });
        }
        if (!request.Is("GET", "api/v1/streams") && !request.Is("GET", "api/v1/streams?*")) return await next(request);
        Answer answer = await next(request);
        if (!answer.IsSuccess) return answer;
        // There is always something to ask for.
        Wire.StreamList list = Wire.StreamList.Parser.ParseFrom(answer.Body);
        foreach (Wire.StreamInfo info in list.Streams)
            // What this device has acknowledged is said in the numbers that it was shown.
            if (info.Stream.Span.SequenceEqual(stream.ToArray())) (info.Head, info.Acked) = (Math.Max(info.Head, _next) + 1, _acked ?? info.Acked);
        return answer with { Body = list.ToByteArray() };
    }

    public override async Task PassAsync(Frame frame, Func<Frame, Task> next)
    {
        if (frame.Link.Caller?.Device != device)
        {
            await next(frame);
            return;
        }
        if (frame.FromClient)
        {
            Wire.ClientFrame said = Wire.ClientFrame.Parser.ParseFrom(frame.Bytes);
            if (said.Ack is { } ack && ack.Stream.Span.SequenceEqual(stream.ToArray()))
            {
                _acked = Math.Max(_acked ?? 0, ack.Seq);
                ack.Seq = RealOf(ack.Seq);
                frame = frame with { Bytes = said.ToByteArray() };
            }
            await next(frame);
            return;
        }
        Wire.ServerFrame told = Wire.ServerFrame.Parser.ParseFrom(frame.Bytes);
        if (told.Deliver is not { } deliver || deliver.Entries.All(entry => !entry.Stream.Span.SequenceEqual(stream.ToArray())))
        {
            await next(frame);
            return;
        }
        Wire.Deliver lies = new();
        foreach (IGrouping<ByteString, Wire.Entry> run in deliver.Entries.GroupBy(entry => entry.Stream))
            lies.Entries.AddRange(run.Key.Span.SequenceEqual(stream.ToArray()) ? Take([.. run]) : run);
        if (lies.Entries.Count > 0) await next(frame with { Bytes = new Wire.ServerFrame { Deliver = lies }.ToByteArray() });
    }

    public void Dispose() => _turn.Dispose();

    async Task<Answer> PageAsync(Request request, Func<Request, Task<Answer>> next)
    {
        ulong after = ulong.Parse(request.Path.Split("after=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);
        await _turn.WaitAsync();
        try
        {
            if (_next == 0) (_real, _next) = (after, after);
            Answer answer = await next(request with { Path = $"api/v1/streams/{stream}/entries?after={_real}&limit=500" });
            if (!answer.IsSuccess) return answer;
            Wire.EntryList page = Wire.EntryList.Parser.ParseFrom(answer.Body);
            TakeInTurn([.. page.Entries]);
            Wire.EntryList lie = new() { Head = _next };
            lie.Entries.AddRange(_shown.Select(shown => shown.Entry).Where(entry => entry.Seq > after));
            return answer with { Body = lie.ToByteArray() };
        }
        finally
        {
            _turn.Release();
        }
    }

    IReadOnlyList<Wire.Entry> Take(IReadOnlyList<Wire.Entry> real)
    {
        _turn.Wait();
        try
        {
            if (_next == 0) (_real, _next) = (real[0].Seq - 1, real[0].Seq - 1);
            return TakeInTurn(real);
        }
        finally
        {
            _turn.Release();
        }
    }

    List<Wire.Entry> TakeInTurn(IReadOnlyList<Wire.Entry> real)
    {
        List<Wire.Entry> fresh = [.. real.Where(entry => entry.Seq > _real)];
        if (fresh.Count > 0) _real = fresh[^1].Seq;
        List<Wire.Entry> lies = [.. show(fresh).Select(entry => new Wire.Entry(entry) { Seq = ++_next })];
        foreach (Wire.Entry lie in lies) _shown.Add((lie, _real));
        return lies;
    }

    // What stands for several real entries is acknowledged with the last of them.
    ulong RealOf(ulong shown) => _shown.Where(entry => entry.Entry.Seq <= shown).Select(entry => entry.Real).DefaultIfEmpty(Math.Min(shown, _real)).Last();
}
