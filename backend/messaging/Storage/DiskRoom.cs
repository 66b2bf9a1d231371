namespace Kavalek.Messaging.Storage;

/// <summary>
/// Whether the disk takes what is to be kept, beside a reserve: for log-ins, acknowledgements, deletions and all else that has to go on. Looked at once a second,
/// and counted in between. Of PostgreSQL's disk the service knows nothing.
/// </summary>
sealed class DiskRoom(Database database, MessagingOptions options, TimeProvider clock)
{
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    readonly string _folder = Path.GetFullPath(options.DataFolder);
    long _left, _seen;

    /// <summary>Counts so many bytes; false if there is no room for them.</summary>
    public bool TryTake(long bytes)
    {
        if (!database.IsInFolder)
            return true;
        lock (_gate)
        {
            if (_seen == 0 || clock.GetElapsedTime(_seen) >= Fresh)
                (_left, _seen) = (Left(), clock.GetTimestamp());
            if (_left < bytes)
                return false;
            _left -= bytes;
            return true;
        }
    }

    // What was deleted leaves room inside the database; a quarter of the reserve is for its log.
    long Left()
    {
        long free = new DriveInfo(_folder).AvailableFreeSpace, reserve = options.DiskReserveBytes;
        return free >= reserve ? free - reserve : free >= reserve / 4 ? database.FreeInside() : 0;
    }
}
