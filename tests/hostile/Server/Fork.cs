using Google.Protobuf;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>
/// Splits a stream: from the present on, some devices see and write one history, the others another. The real server keeps one of them. Over HTTP.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="head">Its newest entry, which is the last that all see.</param>
/// <param name="epoch">Its epoch.</param>
/// <param name="apart">The devices that see the other history.</param>
sealed class Fork(Id stream, ulong head, ulong epoch, params Id[] apart) : Rule
{
    readonly List<Wire.Entry> _other = [];
    ulong _epoch = epoch;

    /// <summary>Whether application entries of each side are shown to the other, too.</summary>
    public bool Crosses { get; set; }

    public override bool AllowsSockets => false;

    public override async Task<Answer> AnswerAsync(Request request, Func<Request, Task<Answer>> next)
    {
        bool other = request.Caller is { } caller && apart.Contains(caller.Device);
        if (request.Is("POST", $"api/v1/streams/{stream}/entries"))
        {
            Wire.Append append = Wire.Append.Parser.ParseFrom(request.Body);
            return other ? await OtherAsync(request, append, next) : await RealAsync(request, append, next);
        }
        if (!other) return await next(request);
        if (request.Is("GET", $"api/v1/streams/{stream}/entries?*")) return await PageAsync(request, next);
        if (request.Is("PUT", $"api/v1/streams/{stream}/ack")) return new Answer(204, null, []);
        if (!request.Is("GET", "api/v1/streams") && !request.Is("GET", "api/v1/streams?*")) return await next(request);
        Answer answer = await next(request);
        Wire.StreamList list = Wire.StreamList.Parser.ParseFrom(answer.Body);
        foreach (Wire.StreamInfo info in list.Streams)
            if (info.Stream.Span.SequenceEqual(stream.ToArray())) (info.Head, info.Epoch) = (Head, _epoch);
        return answer with { Body = list.ToByteArray() };
    }

    ulong Head => head + (ulong)_other.Count;

    async Task<Answer> RealAsync(Request request, Wire.Append append, Func<Request, Task<Answer>> next)
    {
        Answer answer = await next(request);
        if (Crosses && answer.IsSuccess && append.Kind == Wire.Kind.Application) Add(append);
        return answer;
    }

    async Task<Answer> OtherAsync(Request request, Wire.Append append, Func<Request, Task<Answer>> next)
    {
        if (_other.FirstOrDefault(entry => entry.Id.Equals(append.Id)) is { } known) return Stored(known);
        if (append.Epoch != _epoch) return Answer.Problem(409, ErrorCodes.StaleEpoch, _epoch);
        Wire.Entry stored = Add(append);
        if (Crosses && append.Kind == Wire.Kind.Application)
        {
            // With the real history's epoch, whatever that is by now.
            Answer refused = await next(request);
            if (refused.Status == 409)
            {
                append.Epoch = System.Text.Json.JsonDocument.Parse(refused.Body).RootElement.GetProperty("epoch").GetUInt64();
                await next(request with { Body = append.ToByteArray() });
            }
        }
        return Stored(stored);
    }

    Wire.Entry Add(Wire.Append append)
    {
        Wire.Entry entry = new() { Stream = append.Stream, Seq = Head + 1, Kind = append.Kind, Epoch = _epoch, Id = append.Id, Payload = append.Payload };
        _other.Add(entry);
        if (append.Kind == Wire.Kind.Commit) _epoch++;
        return entry;
    }

    Answer Stored(Wire.Entry entry) => Answer.Message(new Wire.Appended { Stream = entry.Stream, Id = entry.Id, Seq = entry.Seq, Epoch = _epoch });

    async Task<Answer> PageAsync(Request request, Func<Request, Task<Answer>> next)
    {
        ulong after = ulong.Parse(request.Path.Split("after=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);
        Wire.EntryList lie = new() { Head = Head };
        if (after < head) lie.Entries.AddRange(Wire.EntryList.Parser.ParseFrom((await next(request)).Body).Entries.Where(entry => entry.Seq <= head));
        lie.Entries.AddRange(_other.Where(entry => entry.Seq > after));
        return Answer.Message(lie);
    }
}
