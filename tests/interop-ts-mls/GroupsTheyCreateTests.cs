using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

public static class GroupsTheyCreateTests
{
    [Theory, MemberData(nameof(Cast.Suites), MemberType = typeof(Cast))]
    public static async Task A_group_that_they_create_lives_with_both(ushort suite)
    {
        await using Cast cast = await Cast.MakeAsync(suite);
        await RunAsync(cast);
    }

    [Fact]
    public static async Task Their_public_handshakes_are_understood()
    {
        await using Cast cast = await Cast.MakeAsync(CipherSuite.P256Aes128.Id);
        foreach (TheirMember member in cast.Theirs) member.SendsPublicHandshakes = true;
        await RunAsync(cast);
    }

    static Task RunAsync(Cast cast) =>
        GroupLife.RunAsync(cast.Theirs[0], cast.Ours[0], [cast.Theirs[1], cast.Ours[1]], [cast.Ours[2], cast.Theirs[2]], guide: cast.Ours[0]);
}
