using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>
/// bcrypt over a keyed hash of the auth secret, on a few threads of its own behind a short queue: a flood of log-ins is
/// turned away at once and leaves the rest of the server its processors.
/// </summary>
internal sealed class PasswordHasher : IDisposable
{
    readonly Bcrypt _bcrypt;
    readonly byte[] _pepper;
    readonly int _cost;
    readonly string _nobody;
    readonly Channel<Action> _queue;

    /// <summary>Starts the threads.</summary>
    /// <param name="bcrypt">The platform's bcrypt.</param>
    /// <param name="keys">Whose pepper to use.</param>
    /// <param name="options">Cost and length of the queue.</param>
    public PasswordHasher(Bcrypt bcrypt, AuthKeys keys, AuthOptions options)
    {
        (_bcrypt, _pepper, _cost) = (bcrypt, keys.Pepper, options.BcryptCost);
        _nobody = bcrypt.Hash(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))), _cost);
        _queue = Channel.CreateBounded<Action>(options.PasswordQueue);
        for (int i = 0; i < Math.Max(1, Environment.ProcessorCount - 1); i++)
        {
            new Thread(Work) { IsBackground = true, Name = $"bcrypt {i}", Priority = ThreadPriority.BelowNormal }.Start();
        }
    }

    /// <summary>The hash to store.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>: the queue is full.</exception>
    public Task<string> HashAsync(byte[] authSecret) => Enqueue(() => _bcrypt.Hash(Peppered(authSecret), _cost));

    /// <summary>Whether the stored hash is of the secret.</summary>
    /// <param name="authSecret">32 bytes.</param>
    /// <param name="hash"><c>null</c> where there is no account: it takes as long, and answers false.</param>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>: the queue is full.</exception>
    public Task<bool> VerifyAsync(byte[] authSecret, string? hash) =>
        Enqueue(() => _bcrypt.Verify(Peppered(authSecret), hash ?? _nobody) & hash is not null);

    // 44 characters without NUL: all of it counts, whatever bytes the secret has.
    byte[] Peppered(byte[] authSecret) => Encoding.ASCII.GetBytes(Convert.ToBase64String(HMACSHA256.HashData(_pepper, authSecret)));

    Task<T> Enqueue<T>(Func<T> compute)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(() =>
        {
            try
            {
                done.SetResult(compute());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }) ? done.Task : throw new AuthException(ErrorCodes.Unavailable, "Too many log-ins at once.", TimeSpan.FromSeconds(2));
    }

    void Work()
    {
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_queue.Reader.TryRead(out Action? compute)) compute();
        }
    }

    /// <summary>Lets the threads finish what is queued.</summary>
    public void Dispose() => _queue.Writer.TryComplete();
}
