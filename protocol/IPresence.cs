namespace Kavalek.Protocol;

/// <summary>
/// Which devices are connected, on whatever node: a device that is connected elsewhere need not be woken. It is news, not truth: a node that died is
/// forgotten within a minute, and where Redis is away everybody seems to be here or nowhere.
/// </summary>
public interface IPresence
{
    /// <summary>The device has a socket on this node.</summary>
    void Connected(Id device);

    /// <summary>Its last socket on this node is gone.</summary>
    void Gone(Id device);

    /// <summary>Whether it is known to be connected to another node.</summary>
    Task<bool> IsElsewhereAsync(Id device);
}

/// <summary>The presence of a server that is one process: there is no elsewhere.</summary>
public sealed class LocalPresence : IPresence
{
    /// <inheritdoc/>
    public void Connected(Id device)
    {
    }

    /// <inheritdoc/>
    public void Gone(Id device)
    {
    }

    /// <inheritdoc/>
    public Task<bool> IsElsewhereAsync(Id device) => Task.FromResult(false);
}
