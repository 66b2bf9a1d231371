namespace Kavalek.Tests.Support;

/// <summary>
/// Announces a large body and sends it once the server begins to read it. A server that refuses a body unread closes the connection, and what the client still sends can cost it the answer that has already come.
/// </summary>
public sealed class PatientHandler() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, Expect100ContinueTimeout = Timeout.InfiniteTimeSpan })
{
    const int Large = 16 * 1024;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Content?.Headers.ContentLength > Large) request.Headers.ExpectContinue = true;
        return base.SendAsync(request, cancellationToken);
    }
}
