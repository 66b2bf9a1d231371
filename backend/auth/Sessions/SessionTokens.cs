using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kavalek.Auth;

/// <summary>A session as stored.</summary>
internal sealed record OpenSession(Id Id, Id Account, Id Device, bool Certified);

/// <summary>Puts a session's tokens together.</summary>
internal sealed class SessionTokens(AccessTokens tokens)
{
    public JsonHttpResult<Session> Answer(OpenSession session, RefreshToken refresh)
    {
        AccessClaims claims = new(session.Account, session.Device, session.Id, session.Certified);
        return Json.Ok(
            new Session(
                session.Account, session.Device, session.Certified,
                AuthToken: tokens.Issue(AccessTokens.AuthAudience, claims),
                MessagingToken: session.Certified ? tokens.Issue(AccessTokens.MessagingAudience, claims) : "",
                ExpiresIn: Limits.AccessTokenSeconds,
                RefreshToken: refresh.Encode()),
            AuthJson.Default.Session);
    }
}
