using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

public static class DeviceCodeTests
{
    static readonly Id Instance = new(1, 1), Account = new(2, 2), Device = new(3, 3);

    [Fact]
    public static void A_code_is_thirty_two_letters_in_groups_of_four_and_may_be_typed_as_one_likes()
    {
        string code = DeviceCode.Of(Instance, Account, Device, new byte[65], new byte[65]);
        Assert.Matches("^([A-Z2-7]{4}-){7}[A-Z2-7]{4}$", code);
        Assert.True(DeviceCode.Matches(code, code));
        Assert.True(DeviceCode.Matches(code, $" {code.Replace("-", " ", StringComparison.Ordinal)}\n"));
        Assert.False(DeviceCode.Matches(code, code[..^1]));
        Assert.False(DeviceCode.Matches(code, ""));
    }

    [Fact]
    public static void Every_key_and_id_changes_the_code()
    {
        byte[] key = new byte[65], other = [.. key];
        other[64] = 1;
        string[] codes =
        [
            DeviceCode.Of(Instance, Account, Device, key, key),
            DeviceCode.Of(Instance, Account, Device, other, key),
            DeviceCode.Of(Instance, Account, Device, key, other),
            DeviceCode.Of(Device, Account, Device, key, key),
            DeviceCode.Of(Instance, Device, Device, key, key),
            DeviceCode.Of(Instance, Account, Account, key, key),
        ];
        Assert.Distinct(codes);
    }

    [Fact]
    public static async Task A_grant_opens_for_its_device_only()
    {
        ICryptoProvider crypto = NativeCryptoProvider.Shared;
        using KeyPair grantKey = await crypto.GenerateKeyPairAsync(KemAlgorithm.DhkemP256), stranger = await crypto.GenerateKeyPairAsync(KemAlgorithm.DhkemP256);
        using AccountSecrets secrets = new(Secret.Own([.. Enumerable.Range(1, 32).Select(i => (byte)i)]), AccountSecrets.NewHistoryKey(crypto));
        byte[] grant = await DeviceCode.SealAsync(crypto, Instance, Account, Device, grantKey.PublicKey, secrets);
        Assert.Equal(secrets, await DeviceCode.OpenAsync(crypto, Instance, Account, Device, grantKey, grant));
        Assert.Null(await DeviceCode.OpenAsync(crypto, Instance, Account, Account, grantKey, grant));
        Assert.Null(await DeviceCode.OpenAsync(crypto, Instance, Account, Device, stranger, grant));
        for (int length = 0; length < grant.Length; length += 7) Assert.Null(await DeviceCode.OpenAsync(crypto, Instance, Account, Device, grantKey, grant[..length]));
    }
}
